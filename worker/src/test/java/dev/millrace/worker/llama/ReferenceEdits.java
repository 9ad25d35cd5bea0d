package dev.millrace.worker.llama;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What bias, penalties and the ban of n-grams make of a row, word for word after the published definitions. Each is
 * one operation on floats, so that it holds to the last bit. Slow.
 */
final class ReferenceEdits {
    private ReferenceEdits() {}

    /** The scores as edited; the completion are the tokens from {@code promptLength} on. */
    static float[] apply(float[] raw, SamplerSettings settings, List<Integer> tokens, int promptLength) {
        float[] scores = raw.clone();
        settings.bias().forEach(bias -> scores[bias.token()] += bias.bias());
        Penalties penalties = settings.penalties();
        for (int token : new HashSet<>(tokens)) {
            float score = scores[token];
            scores[token] = score <= 0 ? score * penalties.repetition() : score / penalties.repetition();
        }
        List<Integer> output = tokens.subList(promptLength, tokens.size());
        for (int token : new HashSet<>(output)) {
            long count = output.stream().filter(of -> of == token).count();
            scores[token] -= penalties.frequency() * count;
            scores[token] -= penalties.presence();
        }
        float[] banned = scores.clone();
        for (int token : repeats(tokens, penalties.noRepeatNgramSize())) {
            banned[token] = Float.NEGATIVE_INFINITY;
        }
        return isRuledOut(banned) ? scores : banned;
    }

    /** Each token that would make the last n tokens the same as some n tokens before. */
    private static Set<Integer> repeats(List<Integer> tokens, int n) {
        Set<Integer> repeats = new HashSet<>();
        if (n > 0 && tokens.size() >= n) {
            List<Integer> beginning = tokens.subList(tokens.size() - (n - 1), tokens.size());
            for (int i = 0; i + n <= tokens.size(); i++) {
                if (tokens.subList(i, i + n - 1).equals(beginning)) {
                    repeats.add(tokens.get(i + n - 1));
                }
            }
        }
        return repeats;
    }

    private static boolean isRuledOut(float[] scores) {
        float[] sorted = scores.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length - 1] == Float.NEGATIVE_INFINITY;
    }
}
