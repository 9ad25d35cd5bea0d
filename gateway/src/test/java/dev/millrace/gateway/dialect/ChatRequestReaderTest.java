package dev.millrace.gateway.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.ResponseFormat;
import dev.millrace.schemas.event.ResponseFormatType;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.schemas.event.TokenBias;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChatRequestReaderTest {
    private static final String MESSAGES = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    @Test
    void readsOpenAisParametersAndOurs() throws Exception {
        ChatRequest request = read("""
                "max_completion_tokens": 5, "temperature": 0.5, "top_p": 0.9, "stop": "x", "seed": 3, "n": 2,
                "presence_penalty": 1, "frequency_penalty": -1, "repetition_penalty": 1.1, "top_k": 4, "min_p": 0.1,
                "no_repeat_ngram_size": 3, "do_sample": true, "loop_guard": false, "language": "th", "adapter": "poet",
                "logit_bias": {"7": -100}, "logprobs": true, "top_logprobs": 2, "stream": true,
                "stream_options": {"include_usage": true, "include_obfuscation": false}, "model": "m", "user": "u"
                """);
        Sampling sampling = request.create().sampling();

        assertThat(sampling)
                .isEqualTo(Sampling.newBuilder()
                        .setMaxNewTokens(5)
                        .setTemperature(0.5f)
                        .setTopP(0.9f)
                        .setStop(List.of("x"))
                        .setSeed(3L)
                        .setPresencePenalty(1f)
                        .setFrequencyPenalty(-1f)
                        .setRepetitionPenalty(1.1f)
                        .setTopK(4)
                        .setMinP(0.1f)
                        .setNoRepeatNgramSize(3)
                        .setDoSample(true)
                        .setLoopGuard(false)
                        .setLogitBias(List.of(new TokenBias(7, -100f)))
                        .setLogprobs(2)
                        .build());
        assertThat(request.create().language()).isEqualTo("th");
        assertThat(request.create().adapter()).isEqualTo("poet");
        assertThat(request.choices()).isEqualTo(2);
        assertThat(request.stream()).isTrue();
        assertThat(request.includeUsage()).isTrue();
    }

    @Test
    void takesAHistoryAsClientsHandItBack() throws Exception {
        ChatRequest request = ChatRequestReader.read("""
                {"messages": [
                  {"role": "developer", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}]},
                  {"role": "user", "content": "Hi"},
                  {"role": "assistant", "content": "Hello", "refusal": null, "annotations": [], "tool_calls": []},
                  {"role": "user", "content": "Bye"}]}
                """);

        assertThat(request.create().messages())
                .containsExactly(
                        new Message(Role.SYSTEM, "Be brief."),
                        new Message(Role.USER, "Hi"),
                        new Message(Role.ASSISTANT, "Hello"),
                        new Message(Role.USER, "Bye"));
        assertThat(request.create().conversation())
                .isEqualTo(ConversationKey.of(request.create().messages().subList(0, 2)));
    }

    @Test
    void explicitParametersWinOverThePreset() throws Exception {
        Sampling preset = read("\"preset\": \"creative\"").create().sampling();
        Sampling both =
                read("\"preset\": \"creative\", \"temperature\": 0.1").create().sampling();

        assertThat(preset.getTemperature()).isEqualTo(0.9f);
        assertThat(preset.getTopP()).isEqualTo(0.95f);
        assertThat(both.getTemperature()).isEqualTo(0.1f);
        assertThat(both.getTopP()).isEqualTo(0.95f);
    }

    @Test
    void readsAJsonSchema() throws Exception {
        ResponseFormat format = read("""
                        "response_format": {"type": "json_schema",
                          "json_schema": {"name": "n", "strict": true, "schema": {"type": "object"}}}
                        """).create().sampling().getResponseFormat();

        assertThat(format).isEqualTo(new ResponseFormat(ResponseFormatType.JSON_SCHEMA, "{\"type\":\"object\"}"));
    }

    @Test
    void choicesWithoutASeedAreLeftToTheirPrompts() throws Exception {
        ChatRequest free = read("\"n\": 3");
        ChatRequest seeded = read("\"n\": 3, \"seed\": 1");

        assertThat(free.choice(2).sampling().getSeed()).isNull();
        assertThat(List.of(
                        seeded.choice(0).sampling().getSeed(),
                        seeded.choice(1).sampling().getSeed(),
                        seeded.choice(2).sampling().getSeed()))
                .doesNotHaveDuplicates()
                .startsWith(1L);
    }

    private static ChatRequest read(String more) throws BadEventException {
        return ChatRequestReader.read("{" + MESSAGES + ", " + more + "}");
    }
}
