package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.worker.engine.Pace;
import io.vertx.core.Vertx;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Prompts from senders that are not ours: consoles, Spring, traced services. */
class InteroperabilityTest {
    private static final long NOW_MS = 1_800_000_000_000L;
    private static final UUID ID = UUID.randomUUID();
    private static final Header TRACE =
            header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    private static final Header CORRELATION = new RecordHeader("kafka_correlationId", new byte[] {0, -1, 7});

    private final Vertx vertx = Vertx.vertx();
    private final ReplyLog log = new ReplyLog();
    private final WorkerFixture worker = new WorkerFixture(vertx, log, "model", 1, NOW_MS + 1, Pace.UNLIMITED);

    @AfterEach
    void close() {
        worker.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void aPromptInJsonIsAnsweredInJsonWithItsHeaders() throws Exception {
        send(prompt(""), CORRELATION, TRACE);

        List<ProducerRecord<byte[], byte[]>> replies = log.of("replies");
        assertThat(replies).hasSizeGreaterThan(2);
        for (ProducerRecord<byte[], byte[]> record : concat(replies, log.of("completions"))) {
            assertThat(new String(record.value(), StandardCharsets.UTF_8)).startsWith("{\"promptId\":\"" + ID);
            assertThat(text(record, "content-type")).isEqualTo("application/json");
            assertThat(record.headers().lastHeader("kafka_correlationId").value())
                    .isEqualTo(CORRELATION.value());
            assertThat(record.headers().lastHeader("traceparent").value()).isEqualTo(TRACE.value());
        }
        Completion completion =
                EventCodec.COMPLETION.decode(log.of("completions").get(0).value());
        assertThat(completion.getText()).isEqualTo(WorkerFixture.text(WorkerFixture.completion("hello", 60)));
        assertThat(completion.getConversation()).isEqualTo("c-42");
    }

    @Test
    void goesOnWithAnAnswerThatStandsInTheLogAsJson() throws Exception {
        List<Integer> begun = WorkerFixture.completion("hello", 60).subList(0, 20);
        log.appendJson(new ReplyEvent(ID, NOW_MS - 1000, 7L, new Claimed("earlier", "model", 3)));
        log.appendJson(new ReplyEvent(ID, NOW_MS - 1000, 7L, new Tokens(0, begun, WorkerFixture.text(begun), null)));

        send(prompt(""));

        Tokens first = log.events().stream()
                .filter(event -> event.getNonce() == 1)
                .map(ReplyEvent::getBody)
                .filter(Tokens.class::isInstance)
                .map(Tokens.class::cast)
                .findFirst()
                .orElseThrow();
        assertThat(first.getFirstIndex()).isEqualTo(20);
    }

    @Test
    void aWrongFieldEndsThePromptWithAnErrorOnItsReplyPlaceAlone() {
        send(prompt(",\"temprature\":1"), CORRELATION);

        Failure error = ended().finished().getError();
        assertThat(error.getCode()).isEqualTo("invalid_prompt");
        assertThat(error.getParam()).isEqualTo("temprature");
        assertThat(log.of("prompts.dlt")).isEmpty();
        assertThat(log.of("completions")).hasSize(1);
    }

    @Test
    void answersWhereSpringsHeadersSay() {
        send(prompt(""), header("kafka_replyTopic", "elsewhere"), partition(1));

        assertThat(log.of("replies")).isEmpty();
        assertThat(log.of("elsewhere"))
                .isNotEmpty()
                .allSatisfy(record -> assertThat(record.partition()).isEqualTo(1));
    }

    @Test
    void theEventsOwnReplyPlaceWinsOverTheHeaders() {
        send(prompt(",\"replyTo\":{\"topic\":\"replies\"}"), header("kafka_replyTopic", "elsewhere"), partition(1));

        assertThat(log.of("elsewhere")).isEmpty();
        assertThat(ended().finished().getError()).isNull();
    }

    @Test
    void aReplyTopicInAHeaderMustBeAllowedToo() {
        send(prompt(""), header("kafka_replyTopic", "secrets"), TRACE);

        assertThat(log.of("secrets")).isEmpty();
        assertThat(log.of("replies")).isEmpty();
        assertThat(text(letter(), "millrace-error-code")).isEqualTo("unknown_reply_place");
    }

    @Test
    void aReplyPartitionThatCannotBeReadLeavesNoPlaceToAnswerAt() {
        send(prompt(""), header("kafka_replyPartition", "1"));

        assertThat(log.of("replies")).isEmpty();
        assertThat(text(letter(), "kafka_dlt-exception-message")).contains("kafka_replyPartition");
    }

    @Test
    void aDeadLetterHasTheRecordAsItWasAndSaysWhereItStoodAndWhy() {
        send("{\"messages\":", CORRELATION);

        ProducerRecord<byte[], byte[]> letter = letter();
        assertThat(letter.key()).isEqualTo("c-42".getBytes(StandardCharsets.UTF_8));
        assertThat(letter.value()).isEqualTo("{\"messages\":".getBytes(StandardCharsets.UTF_8));
        assertThat(letter.headers().lastHeader("kafka_correlationId").value()).isEqualTo(CORRELATION.value());
        assertThat(text(letter, "kafka_dlt-original-topic")).isEqualTo("prompts");
        assertThat(bytes(letter, "kafka_dlt-original-partition"))
                .isEqualTo(ByteBuffer.allocate(4).putInt(3).array());
        assertThat(bytes(letter, "kafka_dlt-original-offset"))
                .isEqualTo(ByteBuffer.allocate(8).putLong(0).array());
        assertThat(bytes(letter, "kafka_dlt-original-timestamp"))
                .isEqualTo(ByteBuffer.allocate(8).putLong(NOW_MS).array());
        assertThat(text(letter, "kafka_dlt-original-timestamp-type")).isEqualTo("LogAppendTime");
        assertThat(text(letter, "kafka_dlt-exception-fqcn")).endsWith(".MalformedEventException");
        assertThat(text(letter, "kafka_dlt-exception-message")).contains("no valid JSON");
        assertThat(text(letter, "millrace-error-code")).isEqualTo("invalid_json");
    }

    @Test
    void aDeadLetterThatIsTooLargeLeavesANoteOfWhereItStands() {
        log.limit("prompts.dlt", 100);

        send("{\"messages\":" + "[".repeat(200), CORRELATION);

        ProducerRecord<byte[], byte[]> note = letter();
        assertThat(note.value()).isNull();
        assertThat(note.headers().lastHeader("kafka_correlationId")).isNull();
        assertThat(bytes(note, "kafka_dlt-original-offset")).isEqualTo(new byte[8]);
        assertThat(bytes(note, "millrace-left-out-bytes"))
                .isEqualTo(ByteBuffer.allocate(8).putLong(212).array());
        assertThat(text(note, "millrace-error-code")).isEqualTo("invalid_json");
    }

    /** Returns when the worker is done with it. */
    private void send(String json, Header... headers) {
        worker.kafka.schedulePollTask(() -> worker.kafka.rebalance(Set.of(WorkerFixture.PROMPTS)));
        worker.kafka.schedulePollTask(() -> worker.addText(0, "c-42", json, headers));
        await().until(() -> worker.committed() == 1);
    }

    private static String prompt(String more) {
        return "{\"id\":\"" + ID + "\",\"sampling\":{\"maxNewTokens\":60,\"temperature\":0},"
                + "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]" + more + "}";
    }

    private Delivery.Ended ended() {
        return log.deliveries(ID).stream()
                .filter(Delivery.Ended.class::isInstance)
                .map(Delivery.Ended.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private ProducerRecord<byte[], byte[]> letter() {
        List<ProducerRecord<byte[], byte[]>> letters = log.of("prompts.dlt");
        assertThat(letters).hasSize(1);
        return letters.get(0);
    }

    private static List<ProducerRecord<byte[], byte[]>> concat(
            List<ProducerRecord<byte[], byte[]>> some, List<ProducerRecord<byte[], byte[]>> more) {
        return Stream.concat(some.stream(), more.stream()).toList();
    }

    private static Header header(String name, String value) {
        return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
    }

    private static Header partition(int partition) {
        return new RecordHeader(
                "kafka_replyPartition", ByteBuffer.allocate(4).putInt(partition).array());
    }

    private static String text(ProducerRecord<byte[], byte[]> record, String name) {
        return new String(bytes(record, name), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(ProducerRecord<byte[], byte[]> record, String name) {
        return Objects.requireNonNull(record.headers().lastHeader(name)).value();
    }
}
