package dev.millrace.gateway.dialect;

import static dev.millrace.gateway.dialect.ErrorCode.INVALID_TYPE;
import static dev.millrace.gateway.dialect.ErrorCode.INVALID_VALUE;

import dev.millrace.schemas.event.Sampling;
import io.vertx.core.json.JsonArray;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the generation parameters: OpenAI's names and Hugging Face's, in the ranges of the contract. */
final class SamplingReader {
    private static final int MOST_STOP_STRINGS = 16;
    private static final int LONGEST_STOP_STRING = 256;

    private SamplingReader() {}

    static Sampling read(Fields fields) throws BadEventException {
        return Sampling.newBuilder()
                .setMaxNewTokens(maxNewTokens(fields))
                .setTemperature(fields.real("temperature", 0, 2))
                .setTopP(fields.positive("top_p", 1))
                .setTopK(fields.integer("top_k", 0, Integer.MAX_VALUE))
                .setMinP(fields.real("min_p", 0, 1))
                .setRepetitionPenalty(fields.positive("repetition_penalty", 2))
                .setPresencePenalty(fields.real("presence_penalty", -2, 2))
                .setFrequencyPenalty(fields.real("frequency_penalty", -2, 2))
                .setNoRepeatNgramSize(fields.integer("no_repeat_ngram_size", 0, 64))
                .setDoSample(fields.flag("do_sample"))
                .setSeed(fields.integer("seed"))
                .setStop(stop(fields))
                .setResponseFormat(FormatReader.read(fields))
                .setLoopGuard(fields.flag("loop_guard"))
                .build();
    }

    /** One thing with two names. */
    private static @Nullable Integer maxNewTokens(Fields fields) throws BadEventException {
        Integer ours = fields.integer("max_new_tokens", 1, Integer.MAX_VALUE);
        Integer theirs = fields.integer("max_output_tokens", 1, Integer.MAX_VALUE);
        if (ours != null && theirs != null && !ours.equals(theirs)) {
            throw new BadEventException(
                    INVALID_VALUE, "max_new_tokens", "max_new_tokens and max_output_tokens contradict each other");
        }
        return ours == null ? theirs : ours;
    }

    /** A string or a list of strings. */
    private static @Nullable List<String> stop(Fields fields) throws BadEventException {
        Object value = fields.any("stop");
        if (value == null) {
            return null;
        }
        if (value instanceof String) {
            return List.of(stopString("stop", value));
        }
        if (!(value instanceof JsonArray strings)) {
            throw new BadEventException(INVALID_TYPE, "stop", "stop must be a string or a list of strings");
        }
        fields.require(strings.size() <= MOST_STOP_STRINGS, "stop", "may have " + MOST_STOP_STRINGS + " strings");
        List<String> stop = new ArrayList<>();
        for (int i = 0; i < strings.size(); i++) {
            stop.add(stopString("stop[" + i + "]", strings.getValue(i)));
        }
        return stop;
    }

    private static String stopString(String path, @Nullable Object value) throws BadEventException {
        if (value == null) {
            throw new BadEventException(INVALID_TYPE, path, path + " must be a string");
        }
        return Fields.bounded(path, Fields.asText(path, value), LONGEST_STOP_STRING);
    }
}
