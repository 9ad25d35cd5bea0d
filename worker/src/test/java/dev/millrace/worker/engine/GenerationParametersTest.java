package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.ResponseFormat;
import dev.millrace.schemas.event.ResponseFormatType;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.worker.grammar.ResponseGrammar;
import dev.millrace.worker.llama.Penalties;
import dev.millrace.worker.llama.SamplerSettings;
import dev.millrace.worker.llama.TokenBias;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class GenerationParametersTest {
    private static final UUID ID = new UUID(6, 5);

    @Test
    void fillsInWhatQwenAdvises() throws PromptRefusedException {
        GenerationParameters parameters =
                GenerationParameters.of(Sampling.newBuilder().build(), ID);

        assertThat(parameters)
                .isEqualTo(new GenerationParameters(512, new SamplerSettings(0.7f, 0.8f, 20, 6 ^ 5), List.of(), true));
    }

    @Test
    void takesEveryParameterUpToItsBorders() throws PromptRefusedException {
        Sampling sampling = Sampling.newBuilder()
                .setMaxNewTokens(1)
                .setTemperature(2f)
                .setTopP(1f)
                .setTopK(0)
                .setMinP(1f)
                .setSeed(-1L)
                .setRepetitionPenalty(2f)
                .setPresencePenalty(-2f)
                .setFrequencyPenalty(2f)
                .setNoRepeatNgramSize(64)
                .setLogitBias(List.of(bias(5, -100), bias(6, 100)))
                .setLogprobs(20)
                .setStop(List.of("."))
                .setLoopGuard(false)
                .build();

        assertThat(GenerationParameters.of(sampling, ID))
                .isEqualTo(new GenerationParameters(
                        1,
                        new SamplerSettings(
                                2,
                                1,
                                0,
                                1,
                                -1,
                                new Penalties(2, -2, 2, 64),
                                List.of(new TokenBias(5, -100), new TokenBias(6, 100)),
                                20),
                        List.of("."),
                        false));
    }

    @Test
    void isGreedyWithoutSampling() throws PromptRefusedException {
        Sampling sampling =
                Sampling.newBuilder().setDoSample(false).setTemperature(1.5f).build();

        assertThat(GenerationParameters.of(sampling, ID).sampler().temperature())
                .isZero();
    }

    @ParameterizedTest
    @MethodSource
    void refusesWhatIsOutOfRange(String param, Sampling.Builder sampling) {
        PromptRefusedException thrown =
                catchThrowableOfType(PromptRefusedException.class, () -> GenerationParameters.of(sampling.build(), ID));

        assertThat(thrown.failure().getCode()).isEqualTo("invalid_prompt");
        assertThat(thrown.failure().getParam()).isEqualTo("sampling." + param);
        assertThat(thrown.failure().getMessage()).startsWith("sampling." + param + " ");
    }

    static Stream<Arguments> refusesWhatIsOutOfRange() {
        return Stream.of(
                Arguments.of("maxNewTokens", with().setMaxNewTokens(0)),
                Arguments.of("temperature", with().setTemperature(2.1f)),
                Arguments.of("temperature", with().setTemperature(Float.NaN)),
                Arguments.of("topP", with().setTopP(0f)),
                Arguments.of("topK", with().setTopK(-1)),
                Arguments.of("minP", with().setMinP(-0.1f)),
                Arguments.of("minP", with().setMinP(1.1f)),
                Arguments.of("minP", with().setMinP(Float.NaN)),
                Arguments.of("repetitionPenalty", with().setRepetitionPenalty(0f)),
                Arguments.of("repetitionPenalty", with().setRepetitionPenalty(2.01f)),
                Arguments.of("repetitionPenalty", with().setRepetitionPenalty(Float.NaN)),
                Arguments.of("presencePenalty", with().setPresencePenalty(-2.1f)),
                Arguments.of("presencePenalty", with().setPresencePenalty(2.1f)),
                Arguments.of("frequencyPenalty", with().setFrequencyPenalty(-2.1f)),
                Arguments.of("frequencyPenalty", with().setFrequencyPenalty(Float.POSITIVE_INFINITY)),
                Arguments.of("noRepeatNgramSize", with().setNoRepeatNgramSize(-1)),
                Arguments.of("noRepeatNgramSize", with().setNoRepeatNgramSize(65)),
                Arguments.of("logitBias", with().setLogitBias(List.of(bias(1, 100.5f)))),
                Arguments.of("logitBias", with().setLogitBias(List.of(bias(1, Float.NaN)))),
                Arguments.of("logitBias", with().setLogitBias(Collections.nCopies(1025, bias(1, 1)))),
                Arguments.of("logprobs", with().setLogprobs(-1)),
                Arguments.of("logprobs", with().setLogprobs(21)),
                Arguments.of("stop", with().setStop(List.of(""))));
    }

    @ParameterizedTest
    @CsvSource(
            value = {
                "JSON_SCHEMA; {\"type\": \"string\", \"minimum\": 3}; at #/minimum is not supported here",
                "JSON_SCHEMA; {; is no JSON, or nests too deep",
                "GBNF; root ::= \"a; has an error at line 1, column 12: it ends too early",
                "GBNF; ; must say what to keep to",
                "JSON_OBJECT; {}; has no meaning with this type",
                "TEXT; {}; has no meaning with this type"
            },
            delimiter = ';')
    void refusesAGrammarThatCannotBeKeptTo(ResponseFormatType type, @Nullable String schema, String complaint) {
        Sampling sampling =
                with().setResponseFormat(new ResponseFormat(type, schema)).build();

        PromptRefusedException thrown =
                catchThrowableOfType(PromptRefusedException.class, () -> GenerationParameters.of(sampling, ID));

        assertThat(thrown.failure())
                .isEqualTo(new Failure(
                        "invalid_prompt",
                        "sampling.responseFormat.schema " + complaint,
                        "sampling.responseFormat.schema"));
    }

    @Test
    void hasAGrammarWhereTextIsNotFree() throws PromptRefusedException {
        Sampling.Builder text = with().setResponseFormat(new ResponseFormat(ResponseFormatType.TEXT, null));
        Sampling.Builder json = with().setResponseFormat(new ResponseFormat(ResponseFormatType.JSON_OBJECT, null));

        assertThat(GenerationParameters.of(text.build(), ID).sampler().grammar())
                .isNull();
        assertThat(GenerationParameters.of(json.build(), ID).sampler().grammar())
                .isEqualTo(ResponseGrammar.ofJsonObject());
    }

    private static Sampling.Builder with() {
        return Sampling.newBuilder();
    }

    private static dev.millrace.schemas.event.TokenBias bias(int token, float bias) {
        return new dev.millrace.schemas.event.TokenBias(token, bias);
    }
}
