package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.gateway.Gateway;
import dev.millrace.gateway.GatewayConfig;
import dev.millrace.process.Settings;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.schemas.event.Usage;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Devices that read one response at two gateways, through a real broker. The test is the worker. */
@Timeout(120)
class SeveralDevicesIT {
    private static final String KEYS = "--cursor-keys=" + Base64.getEncoder().encodeToString(new byte[32]);
    private static final int TOKENS = 90;

    private static final Vertx VERTX = Vertx.vertx();
    private static Installation installation;
    private static Client client;
    private static Gateway first;
    private static Gateway second;

    @BeforeAll
    static void start() throws Exception {
        installation = Installation.create(SeveralDevicesIT.class);
        client = new Client(installation);
        first = gateway("first");
        second = gateway("second");
    }

    private static Gateway gateway(String id) throws Exception {
        Settings settings = new Settings(
                List.of(
                        "--kafka-bootstrap=" + installation.bootstrap(),
                        "--topic-prefix=" + installation.topics().prefix(),
                        "--gateway-id=" + id,
                        "--http-port=0",
                        KEYS),
                Map.of());
        return Gateway.start(VERTX, GatewayConfig.from(settings))
                .toCompletionStage()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    @AfterAll
    static void stop() throws Exception {
        for (Gateway gateway : List.of(first, second)) {
            gateway.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
        VERTX.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        client.close();
    }

    @Test
    void eachGetsEveryTokenOnceThoughTheyChangeGatewaysInMidStream() throws Exception {
        Device one = Device.asking(first);
        Prompt prompt = awaitPrompt();
        write(prompt, new Claimed("w", "m", 0));
        writeTokens(prompt, 0, 30);
        one.readTo(" 9");

        Device other = one.another(second);
        one.moveTo(second);
        writeTokens(prompt, 30, 60);
        one.readTo(" 40");
        other.readTo(" 50");
        one.moveTo(first);
        other.moveTo(first);
        other.moveTo(second);
        writeTokens(prompt, 60, TOKENS);
        write(prompt, new Finished(FinishReason.STOP, "", new Usage(1, 1, 0, 0), new Timings(1.0, 1.0, 1.0), null));

        String whole = IntStream.range(0, TOKENS).mapToObj(i -> " " + i).collect(Collectors.joining());
        assertThat(one.readToEnd()).isEqualTo(whole);
        assertThat(other.readToEnd()).isEqualTo(whole);
    }

    private static Prompt awaitPrompt() throws Exception {
        List<TopicPartition> prompts = IntStream.range(0, Installation.PARTITIONS)
                .mapToObj(partition -> new TopicPartition(installation.topics().prompts(), partition))
                .toList();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", installation.bootstrap()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(prompts);
            consumer.seekToBeginning(prompts);
            while (true) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    return EventCodec.PROMPT.decode(record.value());
                }
            }
        }
    }

    /** One by one, so that they become deltas as gateways come to them. */
    private static void writeTokens(Prompt prompt, int from, int to) throws Exception {
        for (int i = from; i < to; i++) {
            write(prompt, new Tokens(i, List.of(i), " " + i, null));
        }
    }

    private static void write(Prompt prompt, Object body) throws Exception {
        client.send(new ProducerRecord<>(
                prompt.getReplyTo().getTopic(),
                prompt.getReplyTo().getPartition(),
                prompt.getId().toString().getBytes(StandardCharsets.UTF_8),
                EventCodec.REPLY_EVENT.encode(new ReplyEvent(prompt.getId(), 1L, 1L, body))));
    }
}
