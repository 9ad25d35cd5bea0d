package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.schemas.Claim;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.Role;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** How a worker takes prompts in, on a real broker. */
class IntakeIT {

    private static final String PACE = "--pace-tokens-per-second=40";
    /** Nobody is killed, and a busy machine must not look like it. */
    private static final String PATIENT = "--session-timeout=10s";

    private Expected longest;
    private Installation installation;
    private Client client;

    @BeforeEach
    void prepare(TestInfo test) throws IOException {
        longest = Expected.longest();
        installation = Installation.create(test.getTestMethod().orElseThrow().getName());
        client = new Client(installation);
    }

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    void answersWhatWasCommittedAndNothingOfAnAbortedTransaction() throws Exception {
        Prompt aborted = shortPrompt();
        List<Prompt> committed = List.of(shortPrompt(), shortPrompt(), shortPrompt());
        try (Producer<byte[], byte[]> producer = transactional()) {
            producer.initTransactions();
            inTransaction(producer, committed.get(0)).commitTransaction();
            inTransaction(producer, aborted).abortTransaction();
            inTransaction(producer, committed.get(1)).commitTransaction();
            inTransaction(producer, shortPrompt()).abortTransaction();
            inTransaction(producer, committed.get(2)).commitTransaction();
        }

        try (JavaProcess worker = installation.startWorker()) {
            for (Prompt prompt : committed) {
                assertThat(client.awaitEnd(prompt.getId()).finished().getReason())
                        .isEqualTo(FinishReason.LENGTH);
            }
            // five prompts and four markers stand before the last marker
            Awaitility.await().until(() -> committedOffset(0) == 9);
            worker.terminate();
        }

        try (JavaProcess next = installation.startWorker()) {
            client.ask(shortPrompt());
            assertThat(client.heardOf(aborted.getId())).isFalse();
            assertThat(client.awaitEnd(committed.get(2).getId()).claims()).hasSize(1);
            next.terminate();
        }
    }

    @Test
    void commitsNothingBehindAPromptThatStillRuns() throws Exception {
        try (JavaProcess worker = installation.startWorker(PACE)) {
            UUID running = send(0, longest.greedyPrompt());
            client.awaitTokens(running, 1);
            UUID second = send(0, shortPrompt());
            UUID third = send(0, shortPrompt());

            client.awaitEnd(third);
            client.awaitEnd(second);

            assertThat(client.awaitTokens(running, 1).ended()).isFalse();
            assertThat(committedOffset(0)).isZero();
            worker.kill();
        }

        try (JavaProcess next = installation.startWorker()) {
            Awaitility.await().until(() -> committedOffset(0) == 3);
            next.terminate();
        }
    }

    @Test
    void aPartitionThatStaysGoesOnUndisturbedWhenAWorkerJoins() throws Exception {
        try (JavaProcess first = installation.startWorker(PACE, PATIENT, "--worker-id=first")) {
            List<UUID> running = List.of(send(0, longest.greedyPrompt()), send(1, longest.greedyPrompt()));
            for (UUID prompt : running) {
                client.awaitTokens(prompt, 1);
            }

            try (JavaProcess second = installation.startWorker(PATIENT, "--worker-id=second")) {
                List<List<String>> claims = new ArrayList<>();
                for (UUID prompt : running) {
                    Reply reply = client.awaitEnd(prompt);
                    assertThat(reply.text()).isEqualTo(longest.answer());
                    claims.add(reply.claims().stream().map(Claim::workerId).toList());
                }

                assertThat(claims)
                        .as("one partition stays, one goes: %s", first.standardError())
                        .containsExactlyInAnyOrder(List.of("first-cpu"), List.of("first-cpu", "second-cpu"));
                second.terminate();
            }
            first.terminate();
        }
    }

    @Test
    void aPromptMayRunForLongerThanThePollInterval() throws Exception {
        try (JavaProcess worker = installation.startWorker(PACE, "--slots=2", "--kafka.max.poll.interval.ms=2000")) {
            UUID running = send(0, longest.greedyPrompt());
            client.awaitTokens(running, 120); // three seconds
            UUID other = send(0, shortPrompt());

            assertThat(client.awaitEnd(other).claims()).hasSize(1);
            Reply reply = client.awaitEnd(running);
            assertThat(reply.claims()).hasSize(1);
            assertThat(reply.text()).isEqualTo(longest.answer());
            worker.terminate();
        }
    }

    @Test
    void losesNoneOfManyLargePrompts() throws Exception {
        String content = "x".repeat(7 << 20);
        List<UUID> prompts = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Prompt prompt = shortPrompt();
            prompt.setMessages(List.of(new Message(Role.USER, content)));
            prompt.setModel("no such model");
            prompts.add(send(i % 2, prompt));
        }

        try (JavaProcess worker = installation.startWorker()) {
            for (UUID prompt : prompts) {
                assertThat(Objects.requireNonNull(
                                        client.awaitEnd(prompt).finished().getError())
                                .getCode())
                        .isEqualTo("model_not_found");
            }
            Awaitility.await().until(() -> committedOffset(0) == 10 && committedOffset(1) == 10);
            worker.terminate();
        }
    }

    private Prompt shortPrompt() {
        Prompt prompt = longest.greedyPrompt();
        prompt.getSampling().setMaxNewTokens(3);
        return prompt;
    }

    private Producer<byte[], byte[]> transactional() {
        return new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        installation.bootstrap(),
                        "transactional.id",
                        installation.topics().prefix()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private Producer<byte[], byte[]> inTransaction(Producer<byte[], byte[]> producer, Prompt prompt) {
        producer.beginTransaction();
        var unused = producer.send(record(0, prompt));
        producer.flush();
        return producer;
    }

    private UUID send(int partition, Prompt prompt) throws Exception {
        client.send(record(partition, prompt));
        return prompt.getId();
    }

    private ProducerRecord<byte[], byte[]> record(int partition, Prompt prompt) {
        return new ProducerRecord<>(
                installation.topics().prompts(),
                partition,
                prompt.getConversation().getBytes(StandardCharsets.UTF_8),
                EventCodec.PROMPT.encode(prompt));
    }

    /** -1: none. */
    private long committedOffset(int partition) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", installation.bootstrap()))) {
            OffsetAndMetadata committed = admin.listConsumerGroupOffsets(
                            installation.topics().prefix() + "workers")
                    .partitionsToOffsetAndMetadata()
                    .get()
                    .get(new TopicPartition(installation.topics().prompts(), partition));
            return committed == null ? -1 : committed.offset();
        }
    }
}
