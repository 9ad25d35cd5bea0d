package dev.millrace.worker.grammar;

import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.Grammar;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.Sampler;
import dev.millrace.worker.llama.SamplerSettings;
import dev.millrace.worker.llama.Vocabulary;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Runs the device's sampler on a grammar, without a model. */
final class Probe {
    private static final LlamaLibrary LIBRARY = LlamaLibrary.load(LlamaLibrary.nativeDirectory(), null);
    private static final int END = 256;
    private static final Vocabulary BYTES = Vocabulary.of(
            IntStream.range(0, 257)
                    .mapToObj(token -> token == END ? new byte[0] : new byte[] {(byte) token})
                    .toList(),
            java.util.Map.of("<end>", END),
            java.util.List.of(END));

    private Probe() {}

    /** Whether the grammar takes all of the text, byte by byte, and lets it end there. */
    static boolean accepts(Grammar grammar, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        FloatBuffer scores = row(BYTES.size());
        try (Sampler sampler = Sampler.open(LIBRARY, SamplerSettings.GREEDY.withGrammar(grammar), BYTES)) {
            for (int i = 0; i <= utf8.length; i++) {
                int wanted = i == utf8.length ? END : utf8[i] & 0xFF;
                scores.put(wanted, 1);
                if (sampler.sample(scores, i).token() != wanted) {
                    return false;
                }
                scores.put(wanted, 0);
                sampler.append(wanted);
            }
        }
        return true;
    }

    /** A text of the grammar by chance; null where it has not come to its end within so many tokens. */
    static @Nullable String draw(Grammar grammar, Vocabulary vocabulary, long seed, int mostTokens) {
        Random random = new Random(seed);
        FloatBuffer scores = row(vocabulary.size());
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        SamplerSettings settings = new SamplerSettings(1.5f, 1, 0, seed).withGrammar(grammar);
        try (Sampler sampler = Sampler.open(LIBRARY, settings, vocabulary)) {
            for (int index = 0; index < mostTokens; index++) {
                for (int token = 0; token < vocabulary.size(); token++) {
                    float fewLong = vocabulary.piece(token).length;
                    scores.put(
                            token,
                            (float) random.nextGaussian() * 3
                                    - fewLong
                                    + (vocabulary.isEndOfGeneration(token) ? 5 : 0));
                }
                int token = sampler.sample(scores, index).token();
                if (token == Batch.NO_TOKEN) {
                    throw new AssertionError("stuck behind " + text.toString(StandardCharsets.UTF_8));
                }
                if (vocabulary.isEndOfGeneration(token)) {
                    return text.toString(StandardCharsets.UTF_8);
                }
                text.writeBytes(vocabulary.piece(token));
                sampler.append(token);
            }
        }
        return null;
    }

    private static FloatBuffer row(int tokens) {
        return ByteBuffer.allocateDirect(tokens * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }
}
