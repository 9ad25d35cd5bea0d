package dev.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.schemas.MalformedEventException.Fault;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EventCodecTest {
    private static final Writer WRITER = new Writer(5, 17);
    private static final String CONTENT = "sesame";

    @Test
    void everyTypeOfEventSurvives() throws MalformedEventException {
        assertSurvives(EventCodec.PROMPT, Events.prompt("sesame, öffne dich 芝麻"));
        assertSurvives(EventCodec.CANCELLATION, Events.cancellation());
        assertSurvives(EventCodec.COMPLETION, Events.completion(FinishReason.STOP));
        assertSurvives(EventCodec.WORKER_STATUS, Events.workerStatus());
        for (ReplyEvent event : List.of(
                Events.claimed(WRITER, "model"),
                Events.progress(WRITER),
                Events.tokens(WRITER, 0, 1, 2, 3),
                Events.restarted(WRITER),
                Events.finished(WRITER, FinishReason.LENGTH))) {
            assertSurvives(EventCodec.REPLY_EVENT, event);
        }
    }

    private static <T extends SpecificRecordBase> void assertSurvives(EventCodec<T> codec, T event)
            throws MalformedEventException {
        assertThat(codec.decode(codec.encode(event))).isEqualTo(event);
    }

    @Test
    void saysThatARecordIsEmpty() {
        assertFault(null, Fault.EMPTY, "empty");
        assertFault(new byte[0], Fault.EMPTY, "empty");
    }

    @Test
    void saysThatARecordIsNotInSingleObjectEncoding() {
        byte[] text = "sesame".getBytes(StandardCharsets.UTF_8);

        assertFault(text, Fault.NOT_SINGLE_OBJECT, "single-object");
    }

    @Test
    void readsWhatBeginsWithABraceAsJson() throws MalformedEventException {
        Prompt prompt = Events.prompt(CONTENT);

        assertThat(EventCodec.PROMPT.decode(EventCodec.PROMPT.encodeJson(prompt)))
                .isEqualTo(prompt);
        assertFault("\n{".getBytes(StandardCharsets.UTF_8), Fault.INVALID_JSON, "no valid JSON");
    }

    @Test
    void aHugeCountOfMessagesCostsNothing() {
        byte[] whole = EventCodec.PROMPT.encode(Prompt.newBuilder(Events.prompt(CONTENT))
                .setModel(null)
                .setMessages(List.of())
                .build());
        // Messages come behind header, id, conversation and model; the count of 2^31 - 9 takes five bytes.
        int messages = 10 + 37 + 1 + Events.prompt(CONTENT).getConversation().length() + 1;
        byte[] huge = Arrays.copyOf(whole, messages + 5);
        System.arraycopy(new byte[] {(byte) 0xEE, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x0F}, 0, huge, messages, 5);

        assertFault(huge, Fault.TRUNCATED, "ends");
    }

    @Test
    void namesAnUnknownFingerprintInHex() {
        byte[] record = EventCodec.PROMPT.encode(Events.prompt(CONTENT));
        System.arraycopy(new byte[] {0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01}, 0, record, 2, 8);

        assertFault(record, Fault.UNKNOWN_SCHEMA, "0102030405060708");
    }

    @Test
    void namesTheTypeOfAnEventThatIsNotExpected() {
        byte[] record = EventCodec.COMPLETION.encode(Events.completion(FinishReason.STOP));

        assertFault(record, Fault.WRONG_TYPE, "a Completion, not a Prompt");
    }

    @Test
    void noticesEveryTruncation() {
        byte[] record = EventCodec.PROMPT.encode(Events.prompt(CONTENT));

        for (int length = 2; length < record.length; length++) {
            assertFault(Arrays.copyOf(record, length), Fault.TRUNCATED, "ends");
        }
    }

    @Test
    void noticesTrailingBytes() {
        byte[] record = EventCodec.PROMPT.encode(Events.prompt(CONTENT));

        assertFault(Arrays.copyOf(record, record.length + 1), Fault.TRAILING_BYTES, "More bytes");
    }

    @Test
    void noticesAnIdThatIsNoUuid() {
        byte[] record = EventCodec.PROMPT.encode(Events.prompt(CONTENT));
        // The id's text begins behind the header and its length byte.
        System.arraycopy(CONTENT.getBytes(StandardCharsets.UTF_8), 0, record, 11, CONTENT.length());

        assertFault(record, Fault.BAD_UUID, "no UUID");
    }

    @Test
    void noticesALengthThatTheRecordCannotHold() {
        byte[] record = EventCodec.PROMPT.encode(Events.prompt(CONTENT));
        // The longest length of a string that Avro knows, where the id's was.
        byte[] huge = Arrays.copyOf(record, 10 + 5);
        System.arraycopy(new byte[] {(byte) 0xEE, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x0F}, 0, huge, 10, 5);

        assertFault(huge, Fault.TRUNCATED, "ends");
    }

    @Test
    void neverFailsOtherwiseWhateverTheBytes() {
        Random random = new Random(42);
        byte[] prompt = EventCodec.PROMPT.encode(Events.prompt(CONTENT));
        byte[] tokens = EventCodec.REPLY_EVENT.encode(Events.tokens(WRITER, 0, 1, 2, 3));

        for (int i = 0; i < 20_000; i++) {
            decodeOrRefuse(EventCodec.PROMPT, damaged(prompt, random));
            decodeOrRefuse(EventCodec.REPLY_EVENT, damaged(tokens, random));
        }
    }

    private static byte[] damaged(byte[] record, Random random) {
        byte[] damaged = Arrays.copyOf(record, 10 + random.nextInt(record.length - 9));
        for (int flips = random.nextInt(4); flips >= 0 && damaged.length > 10; flips--) {
            damaged[10 + random.nextInt(damaged.length - 10)] = (byte) random.nextInt();
        }
        return damaged;
    }

    private static void decodeOrRefuse(EventCodec<?> codec, byte[] record) {
        try {
            assertThat(codec.decode(record)).isNotNull();
        } catch (MalformedEventException e) {
            assertThat(e).hasNoCause().hasMessageNotContaining(CONTENT);
        }
    }

    @Test
    void aRefusedRecordDoesNotDisturbTheNext() throws MalformedEventException {
        byte[] record = EventCodec.PROMPT.encode(Events.prompt(CONTENT));
        assertFault(Arrays.copyOf(record, record.length - 3), Fault.TRUNCATED, "ends");

        Prompt decoded = EventCodec.PROMPT.decode(record);

        assertThat(decoded).isEqualTo(Events.prompt(CONTENT));
    }

    @Test
    void manyThreadsDoNotMixTheirEvents() {
        List<Integer> mixed = IntStream.range(0, 20_000)
                .parallel()
                .filter(i -> !comesBack(i))
                .boxed()
                .toList();

        assertThat(mixed).isEmpty();
    }

    private static boolean comesBack(int i) {
        ReplyEvent event = Events.tokens(WRITER, i, i, i + 1, i * 7);
        try {
            return EventCodec.REPLY_EVENT
                    .decode(EventCodec.REPLY_EVENT.encode(event))
                    .equals(event);
        } catch (MalformedEventException e) {
            return false;
        }
    }

    @Test
    void anIncompleteEventIsADefectOfItsWriter() {
        ReplyEvent noModel = Events.reply(WRITER, new Claimed("worker", null, 0));
        ReplyEvent foreignBody = Events.reply(WRITER, Events.prompt(CONTENT));

        assertThatThrownBy(() -> EventCodec.REPLY_EVENT.encode(noModel))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("modelId");
        assertThatThrownBy(() -> EventCodec.REPLY_EVENT.encode(foreignBody))
                .isInstanceOf(IllegalArgumentException.class)
                .hasNoCause()
                .hasMessageNotContaining(CONTENT);
    }

    private static void assertFault(byte @Nullable [] record, Fault fault, String says) {
        MalformedEventException thrown =
                catchThrowableOfType(MalformedEventException.class, () -> EventCodec.PROMPT.decode(record));

        assertThat(thrown)
                .hasMessageContaining(says)
                .hasMessageNotContaining(CONTENT)
                .hasNoCause();
        assertThat(thrown.fault()).isEqualTo(fault);
    }
}
