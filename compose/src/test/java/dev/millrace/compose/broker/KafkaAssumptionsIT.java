package dev.millrace.compose.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.compose.broker.Proxy.Network;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What docs/protocol.md takes for granted of Kafka and its clients, set as the worker sets them. */
class KafkaAssumptionsIT {
    private static final Duration POLL = Duration.ofMillis(20);
    private static final int PATIENT_MS = 60_000;
    private static final int IMPATIENT_MS = 2_500;
    private static final int LARGEST_BYTES = 2_000;

    @TempDir
    static Path directory;

    private static ProxiedBroker broker;

    private final String topic = "topic-" + UUID.randomUUID();
    private final TopicPartition first = new TopicPartition(topic, 0);
    private final TopicPartition second = new TopicPartition(topic, 1);
    private final List<AutoCloseable> clients = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        broker = new ProxiedBroker(directory);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @BeforeEach
    void createTopic() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.address()))) {
            NewTopic two = new NewTopic(topic, 2, (short) 1)
                    .configs(Map.of("max.message.bytes", String.valueOf(LARGEST_BYTES)));
            admin.createTopics(List.of(two)).all().get();
        }
    }

    @AfterEach
    void closeClients() throws Exception {
        broker.proxy().heal();
        for (AutoCloseable client : clients) {
            client.close();
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {CooperativeStickyAssignor.class, RangeAssignor.class})
    void aCommitIsRefusedFromWhomTheGroupHasGivenUp(Class<?> assignor) throws Exception {
        GroupMember silent = member(broker.addressThroughProxy(), assignor, PATIENT_MS);
        GroupMember successor = member(broker.address(), assignor, PATIENT_MS);
        silent.pollUntil(() -> silent.assignment().size() == 2);
        broker.proxy().set(Network.DOWN);
        successor.pollUntil(() -> successor.assignment().size() == 2);
        broker.proxy().heal();

        assertThatThrownBy(() -> silent.commit(first, 7)).isInstanceOf(CommitFailedException.class);

        assertThat(successor.committed(first)).isNull();
        silent.pollUntil(() -> silent.lost().containsAll(Set.of(first, second)));
        assertThat(silent.revoked()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(classes = {CooperativeStickyAssignor.class, RangeAssignor.class})
    void aCommitIsRefusedFromWhomDoesNotPoll(Class<?> assignor) {
        GroupMember paused = member(broker.address(), assignor, IMPATIENT_MS);
        GroupMember successor = member(broker.address(), assignor, PATIENT_MS);
        paused.pollUntil(() -> paused.assignment().size() == 2);
        successor.pollUntil(() -> successor.assignment().size() == 2);

        assertThatThrownBy(() -> paused.commit(first, 7)).isInstanceOf(CommitFailedException.class);

        assertThat(successor.committed(first)).isNull();
    }

    /** So it is not Kafka that keeps a worker from committing for a partition that it has given back: rule 2 does. */
    @ParameterizedTest
    @ValueSource(classes = {CooperativeStickyAssignor.class, RangeAssignor.class})
    void aCommitIsTakenFromAMemberOfTheCurrentGenerationWhateverItOwns(Class<?> assignor) {
        GroupMember former = member(broker.address(), assignor, PATIENT_MS);
        GroupMember owner = member(broker.address(), assignor, PATIENT_MS);
        former.pollUntil(() -> former.assignment().size() == 2);
        share(former, owner);
        TopicPartition kept = former.assignment().iterator().next();
        TopicPartition gone = kept.equals(first) ? second : first;

        commitBetweenRebalances(former, owner, kept, 3);
        commitBetweenRebalances(former, owner, gone, 7);

        assertThat(former.revoked()).contains(gone);
        assertThat(owner.assignment()).containsExactly(gone);
        assertThat(owner.committed(kept)).isEqualTo(3);
        assertThat(owner.committed(gone)).isEqualTo(7);
    }

    /** So a session may still commit its progress while it is being revoked. */
    @Test
    void aCommitIsTakenInTheCallbackThatRevokes() {
        GroupMember former = member(broker.address(), CooperativeStickyAssignor.class, PATIENT_MS);
        GroupMember owner = member(broker.address(), CooperativeStickyAssignor.class, PATIENT_MS);
        former.pollUntil(() -> former.assignment().size() == 2);
        former.commitWhenRevoked(5);

        share(former, owner);

        assertThat(former.revoked()).hasSize(1);
        assertThat(owner.committed(former.revoked().get(0))).isEqualTo(5);
    }

    private static void share(GroupMember former, GroupMember other) {
        former.pollUntil(() -> {
            other.poll();
            return former.assignment().size() == 1 && other.assignment().size() == 1;
        });
    }

    private static void commitBetweenRebalances(
            GroupMember member, GroupMember other, TopicPartition partition, long offset) {
        await().ignoreException(RebalanceInProgressException.class).until(() -> {
            member.poll();
            other.poll();
            member.commit(partition, offset);
            return true;
        });
    }

    private GroupMember member(String bootstrap, Class<?> assignor, int longestPauseMs) {
        GroupMember member = new GroupMember(bootstrap, topic, assignor, longestPauseMs);
        clients.add(member);
        return member;
    }

    @Test
    void whatWasReportedAsFailedMayHaveLanded() throws Exception {
        KafkaProducer<String, String> producer = producer(broker.addressThroughProxy(), IMPATIENT_MS);
        producer.send(record("first")).get();
        broker.proxy().set(Network.WITHOUT_RESPONSES);

        Future<RecordMetadata> sent = producer.send(record("failed"));

        assertThatThrownBy(sent::get).hasCauseInstanceOf(TimeoutException.class);
        assertThat(log()).containsExactly("first", "failed");
        broker.proxy().heal();
        await().ignoreExceptions().until(() -> producer.send(record("later")).get() != null);
        assertThat(log()).startsWith("first", "failed", "later");
    }

    @Test
    void whatWasReportedAsFailedMayNeverLand() throws Exception {
        KafkaProducer<String, String> producer = producer(broker.addressThroughProxy(), IMPATIENT_MS);
        producer.send(record("first")).get();
        broker.proxy().set(Network.DOWN);

        Future<RecordMetadata> sent = producer.send(record("failed"));

        assertThatThrownBy(sent::get).hasCauseInstanceOf(TimeoutException.class);
        broker.proxy().heal();
        await().ignoreExceptions().until(() -> producer.send(record("later")).get() != null);
        assertThat(log()).startsWith("first", "later").doesNotContain("failed");
    }

    /**
     * So there may be gaps, which is why a terminal and what follows a Restarted wait. Order holds from a producer's
     * first acknowledged record of a partition on, as which a worker has its claim: before, the broker knows of no
     * sequence and may take a later record while an earlier one is tried again.
     */
    @Test
    void whatWasSentBehindAFailedSendLandsInOrder() throws Exception {
        KafkaProducer<String, String> producer = producer(broker.address(), PATIENT_MS);
        producer.send(record("first")).get();
        List<String> before = values("a", "b", "c");
        List<String> behind = values("d", "e", "f", "g");

        List<Future<RecordMetadata>> sent = new ArrayList<>(send(producer, before));
        Future<RecordMetadata> failed = producer.send(record("x".repeat(2 * LARGEST_BYTES)));
        sent.addAll(send(producer, behind));

        assertThatThrownBy(failed::get).hasCauseInstanceOf(RecordTooLargeException.class);
        for (Future<RecordMetadata> one : sent) {
            assertThat(one.get().hasOffset()).isTrue();
        }
        assertThat(log())
                .containsExactlyElementsOf(Stream.of(List.of("first"), before, behind)
                        .flatMap(List::stream)
                        .toList());
    }

    /** Each too long to share a batch with its neighbour. */
    private static List<String> values(String... letters) {
        return Stream.of(letters)
                .map(letter -> letter.repeat(LARGEST_BYTES / 10))
                .toList();
    }

    private List<Future<RecordMetadata>> send(KafkaProducer<String, String> producer, List<String> values) {
        return values.stream().map(value -> producer.send(record(value))).toList();
    }

    private ProducerRecord<String, String> record(String value) {
        return new ProducerRecord<>(topic, 0, "key", value);
    }

    /** Each record is a request of its own. */
    private KafkaProducer<String, String> producer(String bootstrap, int deliveryTimeoutMs) {
        Map<String, Object> properties = Map.of(
                "bootstrap.servers",
                bootstrap,
                "acks",
                "all",
                "enable.idempotence",
                true,
                "linger.ms",
                0,
                "batch.size",
                1,
                "request.timeout.ms",
                deliveryTimeoutMs - 500,
                "delivery.timeout.ms",
                deliveryTimeoutMs,
                "max.block.ms",
                2_000);
        KafkaProducer<String, String> producer =
                new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
        clients.add(() -> producer.close(Duration.ZERO));
        return producer;
    }

    /** What stands in the first partition, as one sees it who is not cut off. */
    private List<String> log() {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.address()), new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(first));
            consumer.seekToBeginning(List.of(first));
            long end = consumer.endOffsets(List.of(first)).getOrDefault(first, 0L);
            List<String> values = new ArrayList<>();
            while (consumer.position(first) < end) {
                StreamSupport.stream(consumer.poll(POLL).spliterator(), false)
                        .forEach(record -> values.add(record.value()));
            }
            return values;
        }
    }
}
