package dev.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.schemas.MalformedEventException.Fault;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.ResponseFormatType;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.schemas.event.TokenLogprob;
import dev.millrace.schemas.event.TokenLogprobs;
import dev.millrace.schemas.event.Tokens;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecordBase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonEventTest {
    private static final Writer WRITER = new Writer(5, Long.MIN_VALUE + 1);
    private static final UUID ID = UUID.fromString("6f9619ff-8b86-4011-b42d-00cf4fc964ff");
    private static final JsonFields FIELDS = new JsonFields(Map.of("id", ID, "conversation", "c-42"));

    @Test
    void everyTypeOfEventSurvives() throws MalformedEventException {
        assertSurvives(EventCodec.PROMPT, Events.prompt("sesame, öffne dich 芝麻 \u0000 \uD83D\uDE00"));
        assertSurvives(EventCodec.CANCELLATION, Events.cancellation());
        assertSurvives(EventCodec.COMPLETION, Events.completion(FinishReason.ERROR));
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
        assertThat(codec.decode(codec.encodeJson(event))).isEqualTo(event);
    }

    @Test
    void aReplyIsOneLineThatNamesItsBody() {
        String line = new String(
                EventCodec.REPLY_EVENT.encodeJson(new ReplyEvent(ID, 7L, 8L, new Tokens(0, List.of(1), "a\nb", null))),
                StandardCharsets.UTF_8);

        assertThat(line)
                .isEqualTo("{\"promptId\":\"" + ID + "\",\"epoch\":7,\"nonce\":8,"
                        + "\"body\":{\"Tokens\":{\"firstIndex\":0,\"ids\":[1],\"text\":\"a\\nb\"}}}");
    }

    @Test
    void theLogarithmOfNothingIsWrittenAsAVerySmallNumber() throws MalformedEventException {
        TokenLogprobs logprobs = new TokenLogprobs(
                -1f, List.of(new TokenLogprob(3, Float.NEGATIVE_INFINITY, List.of(0xE6, 0x97))), null);
        Tokens tokens = new Tokens(0, List.of(1), "a", List.of(logprobs));

        ReplyEvent read =
                EventCodec.REPLY_EVENT.decode(EventCodec.REPLY_EVENT.encodeJson(new ReplyEvent(ID, 7L, 8L, tokens)));

        assertThat(((Tokens) read.getBody())
                        .getLogprobs()
                        .get(0)
                        .getTop()
                        .get(0)
                        .getLogprob())
                .isEqualTo(-Float.MAX_VALUE);
    }

    @Test
    void readsWhatAPersonTypes() throws MalformedEventException {
        Prompt prompt = read("{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");

        assertThat(prompt)
                .isEqualTo(Prompt.newBuilder()
                        .setId(ID)
                        .setConversation("c-42")
                        .setMessages(List.of(new Message(Role.USER, "Hi")))
                        .build());
    }

    @Test
    void readsEveryKindOfField() throws MalformedEventException {
        Prompt prompt = read("""
                \t{"id": "AAAAAAAA-8b86-4011-b42d-00cf4fc964ff", "conversation": "c-1", "model": null, "sampling": null,
                  "messages": [{"role": "System", "content": "\\ud83d\\ude00"}, {"role": "USER", "content": ""}],
                  "replyTo": {"topic": "replies", "partition": 3}, "priority": -2, "deadline": 1800000000000}
                """);
        Sampling sampling = read("""
                        {"messages": [], "sampling": {"maxNewTokens": 7, "temperature": 1, "topP": 0.5, "doSample": false,
                         "seed": -9223372036854775808, "stop": ["a", "b"], "logitBias": [{"token": 5, "bias": -1e2}],
                         "responseFormat": {"type": "json_object"}}}
                        """).getSampling();

        assertThat(prompt.getId()).isEqualTo(UUID.fromString("aaaaaaaa-8b86-4011-b42d-00cf4fc964ff"));
        assertThat(prompt.getConversation()).isEqualTo("c-1");
        assertThat(prompt.getModel()).isNull();
        assertThat(prompt.getSampling()).isEqualTo(new Sampling());
        assertThat(prompt.getMessages()).containsExactly(new Message(Role.SYSTEM, "😀"), new Message(Role.USER, ""));
        assertThat(prompt.getReplyTo()).isEqualTo(new ReplyAddress("replies", 3, null));
        assertThat(prompt.getPriority()).isEqualTo(-2);
        assertThat(prompt.getDeadline()).isEqualTo(Instant.ofEpochMilli(1_800_000_000_000L));
        assertThat(sampling.getTemperature()).isEqualTo(1f);
        assertThat(sampling.getDoSample()).isFalse();
        assertThat(sampling.getSeed()).isEqualTo(Long.MIN_VALUE);
        assertThat(sampling.getStop()).containsExactly("a", "b");
        assertThat(sampling.getLogitBias().get(0).getBias()).isEqualTo(-100f);
        assertThat(sampling.getResponseFormat().getType()).isEqualTo(ResponseFormatType.JSON_OBJECT);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "{`messages`:[], `sampling`:{`topp`:0.5}} | sampling.topp | is no field of a Sampling",
                "{`messages`:[], `massages`:[]} | massages | is no field",
                "{} | messages | is missing",
                "{`messages`:null} | messages | is missing",
                "{`messages`:{}} | messages | must be an array",
                "{`messages`:[7]} | messages[0] | must be an object",
                "{`messages`:[null]} | messages[0] | must be an object",
                "{`messages`:[{`role`:`user`}]} | messages[0].content | is missing",
                "{`messages`:[{`role`:`user`,`content`:`a`},{`role`:`robot`,`content`:`b`}]} | messages[1].role | SYSTEM, USER",
                "{`messages`:[{`role`:`user`,`content`:5}]} | messages[0].content | must be a string",
                "{`messages`:[{`role`:`user`,`content`:`\\ud83d!`}]} | messages[0].content | half a character",
                "{`messages`:[{`role`:`user`,`content`:{`string`:`a`}}]} | messages[0].content | must be a string",
                "{`messages`:[],`messages`:[]} | messages | comes twice",
                "{`messages`:[],`sampling`:{`topK`:1,`topK`:null}} | sampling.topK | comes twice",
                "{`messages`:[],`sampling`:{`topK`:1.5}} | sampling.topK | must be a whole number",
                "{`messages`:[],`sampling`:{`topK`:2147483648}} | sampling.topK | at most 32 bits",
                "{`messages`:[],`sampling`:{`seed`:9223372036854775808}} | sampling.seed | 64 bits",
                "{`messages`:[],`sampling`:{`topP`:`0.5`}} | sampling.topP | must be a number",
                "{`messages`:[],`sampling`:{`topP`:1e300}} | sampling.topP | ordinary size",
                "{`messages`:[],`sampling`:{`doSample`:0}} | sampling.doSample | true or false",
                "{`messages`:[],`id`:`1-1-1-1-1`} | id | must be a UUID",
                "{`messages`:[],`deadline`:`2027-01-01T00:00:00Z`} | deadline | must be a whole number",
            })
    void namesTheFieldThatDoesNotFit(String json, String path, String says) {
        MalformedEventException refused = refused(json.replace('`', '"'));

        assertThat(refused.fault()).isEqualTo(Fault.INVALID_FIELD);
        assertThat(refused.field()).isEqualTo(path);
        assertThat(refused)
                .hasMessageStartingWith(path + " ")
                .hasMessageContaining(says)
                .hasNoCause();
    }

    @Test
    void doesNotRepeatANameThatCouldBeText() {
        assertThat(refused("{\"tell me of sesame\":1}")).hasMessageNotContaining("sesame");
        assertThat(refused("{\"" + "s".repeat(65) + "\":1}")).hasMessageNotContaining("sss");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"messages\":[],\"sampling\":{\"topP\":NaN}}",
                "{\"messages\":[],\"sampling\":{\"topP\":Infinity}}",
                "{\"messages\":[],\"priority\":01}",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"sesame",
                "{\"messages\":[],}",
                "{'messages':[]}",
                "[]",
                "",
                " ",
                "{\"messages\" sesame"
            })
    void refusesWhatIsNoJson(String json) {
        MalformedEventException refused = refused(json);

        assertThat(refused.fault()).isIn(Fault.INVALID_JSON, Fault.EMPTY);
        assertThat(refused).hasMessageNotContaining("sesame").hasNoCause();
    }

    @Test
    void refusesBytesThatAreNoUtf8() {
        byte[] json = "{\"messages\":[],\"conversation\":\"?\"}".getBytes(StandardCharsets.UTF_8);
        json[json.length - 3] = (byte) 0xE4;
        byte[] utf16 = "{\"messages\":[]}".getBytes(StandardCharsets.UTF_16LE);

        assertThat(refused(json).fault()).isEqualTo(Fault.INVALID_JSON);
        assertThat(refused(utf16).fault()).isEqualTo(Fault.INVALID_JSON);
    }

    @Test
    void refusesWhatFollowsTheObject() {
        assertThat(refused("{\"messages\":[]} {}").fault()).isEqualTo(Fault.TRAILING_BYTES);
    }

    @Test
    void refusesWhatIsTooLargeOrTooDeep() {
        byte[] large = new byte[TopicRules.MAX_PROMPT_BYTES + 1];
        Arrays.fill(large, (byte) ' ');
        String deep = "{\"x\":" + "[".repeat(1_000_000);

        assertThat(refused(large).fault()).isEqualTo(Fault.TOO_LARGE);
        assertThat(catchThrowableOfType(
                                MalformedEventException.class,
                                () -> EventCodec.PROMPT.decodeJson(
                                        deep.getBytes(StandardCharsets.UTF_8), new JsonFields(Map.of(), "id"::equals)))
                        .fault())
                .isEqualTo(Fault.INVALID_JSON);
    }

    @Test
    void passesOverTheFieldsThatAreNotAskedFor() throws MalformedEventException {
        JsonFields addressOnly =
                new JsonFields(Map.of("conversation", "c", "messages", List.of()), List.of("id", "replyTo")::contains);
        byte[] json =
                ("{\"surprise\":[{\"a\":{}}],\"messages\":7,\"id\":\"" + ID + "\"}").getBytes(StandardCharsets.UTF_8);

        Prompt prompt = EventCodec.PROMPT.decodeJson(json, addressOnly);

        assertThat(prompt.getId()).isEqualTo(ID);
        assertThat(prompt.getMessages()).isEmpty();
    }

    @Test
    void neverFailsOtherwiseWhateverTheBytes() {
        Random random = new Random(42);
        byte[] prompt = EventCodec.PROMPT.encodeJson(Events.prompt("sesame"));

        for (int i = 0; i < 20_000; i++) {
            byte[] damaged = Arrays.copyOf(prompt, 1 + random.nextInt(prompt.length));
            for (int flips = random.nextInt(4); flips > 0; flips--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(128);
            }
            try {
                assertThat(EventCodec.PROMPT.decodeJson(damaged, FIELDS)).isNotNull();
            } catch (MalformedEventException e) {
                assertThat(e).hasNoCause().hasMessageNotContaining("sesame");
            }
        }
    }

    private static Prompt read(String json) throws MalformedEventException {
        return EventCodec.PROMPT.decodeJson(json.getBytes(StandardCharsets.UTF_8), FIELDS);
    }

    private static MalformedEventException refused(String json) {
        return refused(json.getBytes(StandardCharsets.UTF_8));
    }

    private static MalformedEventException refused(byte[] json) {
        return catchThrowableOfType(MalformedEventException.class, () -> EventCodec.PROMPT.decodeJson(json, FIELDS));
    }
}
