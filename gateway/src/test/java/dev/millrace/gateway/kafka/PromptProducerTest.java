package dev.millrace.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.Role;
import io.prometheus.client.CollectorRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PromptProducerTest {
    private static final UUID ID = UUID.fromString("0b9e7c1a-57a4-4d0e-9d53-0d2f6a1f3c11");

    private final MockProducer<byte[], byte[]> kafka =
            new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final CollectorRegistry registry = new CollectorRegistry();
    private final PromptProducer producer =
            new PromptProducer("send-test", kafka, new Topics("test."), new DeliveryMetrics(registry));

    @AfterEach
    void close() {
        producer.close();
    }

    @Test
    void keysPromptsAndTheirCancellationsByConversation() throws Exception {
        Prompt prompt = prompt("hello");
        Cancellation cancellation = new Cancellation(ID, "会話", null);
        var unused = producer.start();

        CompletableFuture<Void> sent = producer.send(prompt);
        CompletableFuture<Void> cancelled = producer.cancel(cancellation);
        await().until(() -> kafka.history().size() == 2);

        assertThat(sent).isNotDone();
        kafka.completeNext();
        kafka.completeNext();
        sent.join();
        cancelled.join();
        ProducerRecord<byte[], byte[]> first = kafka.history().get(0);
        ProducerRecord<byte[], byte[]> second = kafka.history().get(1);
        assertThat(first.topic()).isEqualTo("test.prompts");
        assertThat(EventCodec.PROMPT.decode(first.value())).isEqualTo(prompt);
        assertThat(second.topic()).isEqualTo("test.controls");
        assertThat(EventCodec.CANCELLATION.decode(second.value())).isEqualTo(cancellation);
        assertThat(second.key())
                .isEqualTo(first.key())
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("会話");
    }

    @Test
    void saysSoWhenKafkaDoesNotTakeIt() {
        var unused = producer.start();

        CompletableFuture<Void> sent = producer.send(prompt("hello"));
        await().until(() -> kafka.history().size() == 1);
        kafka.errorNext(new TimeoutException("away"));

        assertThatThrownBy(sent::join).hasRootCauseInstanceOf(TimeoutException.class);
        assertThat(registry.getSampleValue("millrace_gateway_send_failures_total"))
                .isEqualTo(1);
        assertThat(registry.getSampleValue("millrace_gateway_prompts_sent_total"))
                .isZero();
    }

    @Test
    void saysSoWhenTheProducerThrows() {
        kafka.sendException = new TimeoutException("no metadata");
        var unused = producer.start();

        assertThatThrownBy(producer.send(prompt("hello"))::join).hasRootCauseInstanceOf(TimeoutException.class);
    }

    @Test
    void refusesWhatWouldPileUpWhileKafkaIsAway() {
        String large = "x".repeat(8 << 20); // not started: nothing is taken from the queue

        for (int i = 0; i < 3; i++) {
            assertThat(producer.send(prompt(large))).isNotDone();
        }

        assertThat(producer.send(prompt(large))).isCompletedExceptionally();
        assertThat(producer.send(prompt("small"))).isNotDone();
    }

    @Test
    void takesAsMuchAgainOnceTheProducerHasIt() {
        String large = "x".repeat(8 << 20);
        var unused = producer.start();

        for (int i = 1; i <= 6; i++) {
            int sent = i;
            assertThat(producer.send(prompt(large))).isNotCompletedExceptionally();
            await().until(() -> kafka.history().size() == sent);
        }
    }

    @Test
    void failsWhatIsLeftWhenClosed() {
        CompletableFuture<Void> left = producer.send(prompt("hello"));

        producer.close();
        producer.start().join();

        assertThat(left).isCompletedExceptionally();
        assertThat(producer.send(prompt("late"))).isCompletedExceptionally();
        assertThat(kafka.closed()).isTrue();
    }

    private static Prompt prompt(String content) {
        return Prompt.newBuilder()
                .setId(ID)
                .setConversation("会話")
                .setMessages(List.of(new Message(Role.USER, content)))
                .build();
    }
}
