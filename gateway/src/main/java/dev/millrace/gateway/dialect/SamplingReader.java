package dev.millrace.gateway.dialect;

import static dev.millrace.gateway.dialect.ErrorCode.INVALID_TYPE;
import static dev.millrace.gateway.dialect.ErrorCode.INVALID_VALUE;

import dev.millrace.schemas.event.Sampling;
import dev.millrace.schemas.event.TokenBias;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the generation parameters: OpenAI's names and Hugging Face's, in the ranges of the contract. */
final class SamplingReader {
    private static final int MOST_STOP_STRINGS = 16;
    private static final int LONGEST_STOP_STRING = 256;
    private static final int MOST_BIASES = 1024;
    /** Fits into an int. */
    private static final Pattern TOKEN = Pattern.compile("\\d{1,9}");

    private SamplingReader() {}

    /**
     * All but what the dialects disagree about.
     *
     * @param limits what the most tokens to generate may be called; one thing with several names
     */
    static Sampling read(Fields fields, List<String> limits) throws BadEventException {
        Preset preset = Preset.read(fields);
        return Sampling.newBuilder()
                .setMaxNewTokens(maxNewTokens(fields, limits))
                .setTemperature(or(fields.real("temperature", 0, 2), preset == null ? null : preset.temperature()))
                .setTopP(or(fields.positive("top_p", 1), preset == null ? null : preset.topP()))
                .setTopK(fields.integer("top_k", 0, Integer.MAX_VALUE))
                .setMinP(fields.real("min_p", 0, 1))
                .setRepetitionPenalty(fields.positive("repetition_penalty", 2))
                .setPresencePenalty(fields.real("presence_penalty", -2, 2))
                .setFrequencyPenalty(fields.real("frequency_penalty", -2, 2))
                .setNoRepeatNgramSize(fields.integer("no_repeat_ngram_size", 0, 64))
                .setDoSample(fields.flag("do_sample"))
                .setSeed(fields.integer("seed"))
                .setStop(stop(fields))
                .setLogitBias(logitBias(fields))
                .setLoopGuard(fields.flag("loop_guard"))
                .build();
    }

    private static @Nullable Float or(@Nullable Float given, @Nullable Float otherwise) {
        return given == null ? otherwise : given;
    }

    private static @Nullable Integer maxNewTokens(Fields fields, List<String> limits) throws BadEventException {
        Integer limit = null;
        String first = limits.get(0);
        for (String name : limits) {
            Integer other = fields.integer(name, 1, Integer.MAX_VALUE);
            if (limit != null && other != null && !limit.equals(other)) {
                throw new BadEventException(INVALID_VALUE, first, first + " and " + name + " contradict each other");
            }
            if (limit == null && other != null) {
                limit = other;
                first = name;
            }
        }
        return limit;
    }

    /** An object of token ids, as strings, and what is added to their scores. */
    private static @Nullable List<TokenBias> logitBias(Fields fields) throws BadEventException {
        Object value = fields.any("logit_bias");
        if (value == null) {
            return null;
        }
        if (!(value instanceof JsonObject object)) {
            throw fields.wrongType("logit_bias", "an object of token ids");
        }
        fields.require(object.size() <= MOST_BIASES, "logit_bias", "may have " + MOST_BIASES + " tokens");
        Fields biases = new Fields(object, "logit_bias.");
        List<TokenBias> all = new ArrayList<>();
        for (String id : object.fieldNames()) {
            biases.require(TOKEN.matcher(id).matches(), id, "must be a token's number");
            Float bias = biases.required(id, biases.real(id, -100, 100));
            all.add(new TokenBias(Integer.parseInt(id), bias));
        }
        return all;
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
