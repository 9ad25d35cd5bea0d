package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.ResponseFormat;
import dev.millrace.schemas.event.ResponseFormatType;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.schemas.event.TokenBias;
import dev.millrace.worker.llama.DemoModel;
import dev.millrace.worker.llama.LlamaModel;
import io.prometheus.client.CollectorRegistry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Completions of the demo model that keep to a grammar, whatever happens to them on the way. */
class GrammarIT {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final String SCHEMA = """
            {"type": "object", "properties": {
               "title": {"type": "string", "maxLength": 24},
               "kind": {"enum": ["story", "说明", "ответ"]},
               "steps": {"type": "array", "minItems": 7, "maxItems": 8, "items": {"type": "object", "properties": {
                  "n": {"type": "integer"}, "text": {"type": "string", "minLength": 20, "maxLength": 40}},
                  "required": ["n", "text"]}}},
             "required": ["title", "kind", "steps"]}""";
    /** With all that looks back at earlier tokens. */
    private static final Sampling LOOKING_BACK = Sampling.newBuilder()
            .setMaxNewTokens(700)
            .setTemperature(1.5f)
            .setTopK(0)
            .setTopP(0.98f)
            .setSeed(5L)
            .setRepetitionPenalty(1.1f)
            .setFrequencyPenalty(0.2f)
            .setNoRepeatNgramSize(4)
            .setLogprobs(2)
            .setResponseFormat(new ResponseFormat(ResponseFormatType.JSON_SCHEMA, SCHEMA))
            .build();

    private static LlamaModel model;
    private static RecordingListener undisturbed;

    @BeforeAll
    static void generateUndisturbed() throws Exception {
        model = DemoModel.open();
        undisturbed = generate(4000, List.of(request("Write a short story about a robot.", LOOKING_BACK)))
                .get(0);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void answersWithWhatTheSchemaDescribes() throws Exception {
        assertThat(undisturbed.reason).isEqualTo(FinishReason.STOP);
        assertThat(undisturbed.logprobs).hasSameSizeAs(undisturbed.ids);
        assertValid(undisturbed.text.toString(), SCHEMA);
    }

    @ParameterizedTest
    @CsvSource({"0.05, 0", "0.3, 0", "0.5, 4", "0.8, 0", "1, 0"})
    void goesOnAsIfNothingHadHappened(double share, int neighbours) throws Exception {
        int cut = (int) (share * undisturbed.ids.size());
        List<GenerationRequest> requests = new ArrayList<>();
        requests.add(request("Write a short story about a robot.", LOOKING_BACK)
                .continuing(undisturbed.ids.subList(0, cut)));
        for (int i = 0; i < neighbours; i++) {
            requests.add(request(
                    "Hi",
                    json(Sampling.newBuilder(LOOKING_BACK)).setSeed((long) i).build()));
        }

        RecordingListener listener = generate(4000, requests).get(0);

        assertThat(listener.ids).isEqualTo(undisturbed.ids);
        assertThat(listener.reason).isEqualTo(FinishReason.STOP);
    }

    @Test
    void isTheSameWhenItHadToMakeRoomMeanwhile() throws Exception {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            requests.add(request("Write a short story about a robot.", LOOKING_BACK));
        }
        int cells = 2 * undisturbed.ids.size() + 60;

        CollectorRegistry metrics = new CollectorRegistry();
        List<RecordingListener> listeners = generate(cells, requests, metrics);

        assertThat(listeners).allSatisfy(listener -> assertThat(listener.ids).isEqualTo(undisturbed.ids));
        assertThat(preemptions(metrics)).isPositive();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "为什么天空是蓝色的？",
                "Why is the sky blue?",
                "Pourquoi le ciel est-il bleu ?",
                "¿Por qué el cielo es azul?",
                "空はなぜ青いのですか？",
                "لماذا السماء زرقاء؟",
                "Почему небо голубое?",
                "ทำไมท้องฟ้าจึงเป็นสีฟ้า"
            })
    void keepsCharactersWholeInEveryLanguage(String prompt) throws Exception {
        String schema = "{\"type\": \"array\", \"maxItems\": 3, \"items\": {\"type\": \"string\", \"minLength\": 20,"
                + " \"maxLength\": 30}, \"minItems\": 3}";
        Sampling sampling = Sampling.newBuilder()
                .setMaxNewTokens(400)
                .setTemperature(1f)
                .setSeed(1L)
                .setResponseFormat(new ResponseFormat(ResponseFormatType.JSON_SCHEMA, schema))
                .build();

        RecordingListener listener =
                generate(4000, List.of(request(prompt, sampling))).get(0);

        assertThat(listener.reason).isEqualTo(FinishReason.STOP);
        assertThat(listener.text.toString()).doesNotContain("\ufffd");
        assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(listener.text.toString()))
                .isTrue();
        assertValid(listener.text.toString(), schema);
    }

    @Test
    void keepsToGbnfUntilItsEndAndThenStops() throws Exception {
        Sampling sampling = Sampling.newBuilder()
                .setMaxNewTokens(50)
                .setTemperature(1.5f)
                .setSeed(3L)
                .setResponseFormat(new ResponseFormat(
                        ResponseFormatType.GBNF, "root ::= (\"да\" | \"不是\" | \"नहीं\") \", \" [0-9]{4} \".\""))
                .build();

        RecordingListener listener =
                generate(4000, List.of(request("Hi", sampling))).get(0);

        assertThat(listener.text.toString()).matches("(да|不是|नहीं), [0-9]{4}\\.");
        assertThat(listener.reason).isEqualTo(FinishReason.STOP);
    }

    @Test
    void endsAtItsLimitWhereTheGrammarDoesNotEnd() throws Exception {
        RecordingListener listener = generate(
                        4000,
                        List.of(request("Hi", gbnf("root ::= \"a\"{300}", 40).build())))
                .get(0);

        assertThat(listener.text.toString()).matches("a+");
        assertThat(listener.reason).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void aBanThatLeavesNothingGivesWay() throws Exception {
        Sampling.Builder sampling = gbnf("root ::= \"ababababab.\"", 40).setNoRepeatNgramSize(1);

        RecordingListener listener =
                generate(4000, List.of(request("Hi", sampling.build()))).get(0);

        assertThat(listener.text.toString()).isEqualTo("ababababab.");
        assertThat(listener.reason).isEqualTo(FinishReason.STOP);
    }

    @Test
    void aStopStringEndsItInTheMiddle() throws Exception {
        Sampling.Builder sampling = gbnf("root ::= \"one two three\"", 40).setStop(List.of(" thr"));

        RecordingListener listener =
                generate(4000, List.of(request("Hi", sampling.build()))).get(0);

        assertThat(listener.text.toString()).isEqualTo("one two");
        assertThat(listener.reason).isEqualTo(FinishReason.STOP);
    }

    @Test
    void aGrammarWithTooManyWaysEndsItsOwnPromptAlone() throws Exception {
        String some = "\"a\" | \"aa\" | \"aaa\" | \"aaaa\"";
        String ways = "root ::= x \"b\" \nx ::= " + some + " | (" + some + ") x x (" + some + ") x";

        List<RecordingListener> listeners = generate(
                4000,
                List.of(
                        request(
                                "Hi",
                                gbnf(ways, 2000).setLogitBias(without('b')).build()),
                        request("Write a short story about a robot.", LOOKING_BACK)));

        assertThat(listeners.get(0).reason).isEqualTo(FinishReason.ERROR);
        assertThat(listeners.get(0).errorCode).isEqualTo("invalid_prompt");
        assertThat(listeners.get(1).ids).isEqualTo(undisturbed.ids);
    }

    private static Sampling.Builder gbnf(String grammar, int maxNewTokens) {
        return Sampling.newBuilder()
                .setMaxNewTokens(maxNewTokens)
                .setSeed(1L)
                .setResponseFormat(new ResponseFormat(ResponseFormatType.GBNF, grammar));
    }

    private static List<TokenBias> without(char letter) {
        return IntStream.range(0, model.vocabulary().size())
                .filter(token ->
                        new String(model.vocabulary().piece(token), StandardCharsets.UTF_8).indexOf(letter) >= 0)
                .mapToObj(token -> new TokenBias(token, -100f))
                .toList();
    }

    private static Sampling.Builder json(Sampling.Builder sampling) {
        return sampling.setResponseFormat(new ResponseFormat(ResponseFormatType.JSON_OBJECT, null));
    }

    private static void assertValid(String text, String schema) throws Exception {
        JsonNode node = MAPPER.readTree(text);
        assertThat(JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                        .getSchema(schema)
                        .validate(node))
                .as(text)
                .isEmpty();
    }

    private static double preemptions(CollectorRegistry metrics) {
        return Collections.list(metrics.metricFamilySamples()).stream()
                .flatMap(family -> family.samples.stream())
                .filter(sample -> sample.name.equals("vllm:num_preemptions_total"))
                .mapToDouble(sample -> sample.value)
                .sum();
    }

    private static GenerationRequest request(String prompt, Sampling sampling) throws PromptRefusedException {
        UUID id = UUID.randomUUID();
        int[] tokens = new ChatTemplate(model).tokenize(List.of(new Message(Role.USER, prompt)));
        return new GenerationRequest(id, tokens, new int[0], GenerationParameters.of(sampling, id), "", 0, false, null);
    }

    private static List<RecordingListener> generate(int kvCells, List<GenerationRequest> requests)
            throws PromptRefusedException {
        return generate(kvCells, requests, new CollectorRegistry());
    }

    private static List<RecordingListener> generate(
            int kvCells, List<GenerationRequest> requests, CollectorRegistry metrics) throws PromptRefusedException {
        return DemoEngine.generate(model, 8, kvCells, requests, metrics);
    }
}
