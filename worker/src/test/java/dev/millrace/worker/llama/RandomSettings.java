package dev.millrace.worker.llama;

import java.util.List;
import java.util.Random;

/** Settings and sequences of every kind. */
record RandomSettings(Random random) {
    SamplerSettings settings(int vocabulary) {
        return new SamplerSettings(
                pick(0f, 0.3f, 0.7f, 1f, 1.5f, 2f, 1e-3f, 50f),
                pick(1f, 0.9f, 0.8f, 0.5f, 0.01f, 0.9999999f, Float.MIN_VALUE, random.nextFloat() + 1e-6f),
                (int) pick(0, 1, 20, 50, vocabulary, vocabulary + 1, Integer.MAX_VALUE, 0),
                pick(0f, 0f, 0.05f, 0.3f, 1f, 1e-9f),
                random.nextLong(),
                new Penalties(
                        pick(1f, 1f, 1.05f, 1.3f, 2f, 0.5f, 1e-3f),
                        pick(0f, 0f, 0.5f, 2f, -2f),
                        pick(0f, 0f, 0.1f, 2f, -1f),
                        (int) pick(0, 0, 1, 2, 3, 5, 64)),
                biases(vocabulary),
                (int) pick(-1, 0, 1, 5, 20));
    }

    private List<TokenBias> biases(int vocabulary) {
        return random.ints(random.nextInt(4), 0, vocabulary)
                .mapToObj(token -> new TokenBias(token, pick(-100, 100, 0, -1.5f, 3.25f)))
                .toList();
    }

    /** Of few distinct tokens, so that n-grams come again. */
    List<Integer> sequence(int vocabulary) {
        int distinct = 1 + random.nextInt(Math.min(vocabulary, (int) pick(1, 2, 5, 40, 3000)));
        return random.ints((int) pick(0, 1, 3, 20, 150), 0, distinct)
                .map(token -> (int) (token * 2_654_435_761L % vocabulary))
                .boxed()
                .toList();
    }

    private float pick(float... values) {
        return values[random.nextInt(values.length)];
    }
}
