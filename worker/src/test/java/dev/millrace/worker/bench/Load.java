package dev.millrace.worker.bench;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a peer generates at once: a completion of so many tokens for each prompt. All prompts have the same length.
 *
 * @param sampling of all of them
 */
record Load(Sampling sampling, int tokens, List<int[]> prompts) {
    static final int PROMPT_TOKENS = 16;

    /** Of the engine. */
    static final int STEP_ROWS = 512;

    static final float TEMPERATURE = 0.7f;
    static final float TOP_P = 0.8f;
    static final int TOP_K = 20;
    static final float REPETITION_PENALTY = 1.1f;

    /** Prompts of random tokens, so that no two have a beginning in common. */
    static Load random(long seed, Sampling sampling, int tokens, int sequences, int vocabulary) {
        return random(seed, sampling, tokens, sequences, vocabulary, PROMPT_TOKENS);
    }

    /** The same with prompts of so many tokens. */
    static Load random(long seed, Sampling sampling, int tokens, int sequences, int vocabulary, int promptTokens) {
        Random random = new Random(seed);
        return new Load(
                sampling,
                tokens,
                Stream.generate(() -> random.ints(promptTokens, 0, vocabulary).toArray())
                        .limit(sequences)
                        .toList());
    }

    /** KV cells for so many sequences at once, and for one that is kept; for a whole step at least. */
    static int kvCells(int sequences, int tokens) {
        return Math.max(STEP_ROWS, (sequences + 1) * (PROMPT_TOKENS + tokens));
    }

    /** For a peer that reads its loads line by line. */
    String line() {
        String head = String.format("%s %d %d %d ", sampling, tokens, prompts.size(), prompts.get(0).length);
        return head
                + prompts.stream()
                        .flatMapToInt(Arrays::stream)
                        .mapToObj(Integer::toString)
                        .collect(Collectors.joining(" "));
    }

    static Load parse(String line) {
        Iterator<String> words = List.of(line.split(" ")).iterator();
        Sampling sampling = Sampling.of(words.next());
        int tokens = Integer.parseInt(words.next());
        int sequences = Integer.parseInt(words.next());
        int promptTokens = Integer.parseInt(words.next());
        List<int[]> prompts = Stream.generate(() -> IntStream.range(0, promptTokens)
                        .map(i -> Integer.parseInt(words.next()))
                        .toArray())
                .limit(sequences)
                .toList();
        return new Load(sampling, tokens, prompts);
    }
}
