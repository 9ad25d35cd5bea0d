package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.gateway.Gateway;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a worker writes is what the gateway's document says that it writes. */
@Timeout(180)
class WorkerRecordsIT {
    private static final Installation INSTALLATION = Installation.create(WorkerRecordsIT.class);
    private static final Topics TOPICS = INSTALLATION.topics();

    private static final int ANSWERS = 5;

    private static AsyncApi document;

    @BeforeAll
    static void readDocument() throws Exception {
        Vertx vertx = Vertx.vertx();
        Gateway gateway = INSTALLATION.startGateway(vertx);
        URI address = URI.create("http://127.0.0.1:" + gateway.httpPort() + "/asyncapi.json");
        document = AsyncApi.parse(HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString())
                .body());
        gateway.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @Test
    void agreeWithTheDocument() throws Exception {
        try (Client client = new Client(INSTALLATION);
                JavaProcess worker = INSTALLATION.startWorker("--slots=1", "--pace-tokens-per-second=60")) {
            haveEverythingWritten(client);
            Awaitility.await() // a worker that ends would leave the last one to the next
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> of(TOPICS.completions(), readAll()).size() == ANSWERS);
            worker.terminate();
        }

        List<ConsumerRecord<byte[], byte[]>> records = readAll();

        for (ConsumerRecord<byte[], byte[]> record : records) {
            assertThat(document.faults(record)).as("faults of %s", record).isEmpty();
        }
        List<ReplyEvent> replies = replies(records);
        assertThat(replies)
                .extracting(reply -> reply.getBody().getClass().getSimpleName())
                .contains("Claimed", "Progress", "Tokens", "Finished");
        assertThat(replies)
                .filteredOn(reply -> reply.getBody() instanceof Finished)
                .extracting(reply -> ((Finished) reply.getBody()).getReason())
                .contains(FinishReason.STOP, FinishReason.LENGTH, FinishReason.CANCELLED, FinishReason.ERROR);
        assertThat(of(TOPICS.completions(), records)).hasSize(ANSWERS);
        assertThat(of(TOPICS.deadLetters(), records)).hasSize(2);
        assertThat(of(TOPICS.workers(), records)).hasSizeGreaterThan(1);
        assertThat(records).anyMatch(record -> record.headers().lastHeader("kafka_correlationId") != null);
    }

    /** One waits for the other, so its place in the queue is told as well. */
    private static void haveEverythingWritten(Client client) throws Exception {
        Expected longest = Expected.longest();
        Prompt cancelled = longest.greedyPrompt();
        Prompt whole = longest.greedyPrompt();
        whole.getSampling().setLogprobs(2);
        Prompt refused = longest.greedyPrompt();
        refused.setModel("none");
        Prompt hot = longest.greedyPrompt();
        hot.getSampling().setTemperature(9f);
        client.send(cancelled);
        client.awaitTokens(cancelled.getId(), 10);
        client.send(whole);
        UUID inJson = sendJson(client);
        client.cancel(cancelled);
        client.sendRaw(new byte[] {1}, new byte[0]);
        client.sendRaw(new byte[] {1}, "junk".getBytes(StandardCharsets.UTF_8));
        for (UUID id : List.of(cancelled.getId(), whole.getId(), inJson, client.send(refused), client.send(hot))) {
            client.awaitEnd(id);
        }
        client.awaitDeadLetter();
        client.awaitDeadLetter();
    }

    private static UUID sendJson(Client client) throws Exception {
        UUID id = UUID.randomUUID();
        String json = "{\"id\":\"" + id
                + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"sampling\":{\"maxNewTokens\":3}}";
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(TOPICS.prompts(), null, json.getBytes(StandardCharsets.UTF_8));
        record.headers().add("kafka_correlationId", new byte[] {0, -1, 7});
        record.headers()
                .add(
                        "traceparent",
                        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".getBytes(StandardCharsets.UTF_8));
        client.send(record);
        return id;
    }

    private static List<ConsumerRecord<byte[], byte[]>> readAll() {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", INSTALLATION.bootstrap()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = Stream.of(
                            TOPICS.replies(), TOPICS.completions(), TOPICS.workers(), TOPICS.deadLetters())
                    .flatMap(topic -> consumer.partitionsFor(topic).stream())
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(100)).forEach(all::add);
            }
        }
        return all;
    }

    private static List<ReplyEvent> replies(List<ConsumerRecord<byte[], byte[]>> records)
            throws MalformedEventException {
        List<ReplyEvent> replies = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : of(TOPICS.replies(), records)) {
            replies.add(EventCodec.REPLY_EVENT.decode(record.value()));
        }
        return replies;
    }

    private static List<ConsumerRecord<byte[], byte[]>> of(String topic, List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream().filter(record -> record.topic().equals(topic)).toList();
    }
}
