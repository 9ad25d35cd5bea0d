package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.worker.engine.FakeDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The account of who holds which cells, against a decoder that has them as objects. */
class KvCacheIT {
    private static final int SEQUENCES = 6;
    private static final int CELLS = 400;
    private static final int[] ALL = IntStream.range(0, SEQUENCES).toArray();

    private final int[] lengths = new int[SEQUENCES];

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void countsTheCellsOfAnySequences(long seed) {
        Random random = new Random(seed);
        List<Integer> savedLengths = new ArrayList<>();
        try (LlamaModel model = DemoModel.open();
                LlamaContext context = LlamaContext.open(model, new ContextSettings(CELLS, SEQUENCES, 62, 1))) {
            List<Decoder> decoders = List.of(context, new FakeDecoder(SEQUENCES, CELLS, 62));
            Arrays.stream(ALL).forEach(sequence -> each(decoders, decoder -> decoder.admit(sequence, SETTINGS)));

            for (int i = 0; i < 1500; i++) {
                change(random, decoders, savedLengths);

                int[] some = random.ints(0, SEQUENCES)
                        .distinct()
                        .limit(1 + random.nextInt(SEQUENCES))
                        .toArray();
                assertThat(context.cellsOf(some)).isEqualTo(decoders.get(1).cellsOf(some));
            }

            Arrays.stream(ALL).forEach(sequence -> context.release(sequence, 0));
            assertThat(context.cellsOf(ALL)).isZero();
        }
    }

    private static final SamplerSettings SETTINGS = SamplerSettings.GREEDY;

    private void change(Random random, List<Decoder> decoders, List<Integer> savedLengths) {
        int one = random.nextInt(SEQUENCES);
        int other = random.nextInt(SEQUENCES);
        int free = CELLS - decoders.get(1).cellsOf(ALL);
        switch (random.nextInt(6)) {
            case 0, 1 -> append(decoders, one, Math.min(free, random.nextInt(40)));
            case 2 -> release(decoders, one, random.nextInt(lengths[one] + 1));
            case 3 -> {
                if (one != other) {
                    release(decoders, one, 0);
                    lengths[one] = random.nextInt(lengths[other] + 1);
                    each(decoders, decoder -> decoder.share(other, one, lengths[one]));
                }
            }
            case 4 -> {
                if (lengths[one] > 0 && savedLengths.size() < 20) {
                    each(decoders, decoder -> decoder.save(one));
                    savedLengths.add(lengths[one]);
                }
            }
            default -> restore(random, decoders, savedLengths, one);
        }
    }

    private void restore(Random random, List<Decoder> decoders, List<Integer> savedLengths, int sequence) {
        release(decoders, sequence, 0);
        if (!savedLengths.isEmpty()) {
            int saved = random.nextInt(savedLengths.size());
            if (decoders.get(1).cellsOf(ALL) + savedLengths.get(saved) <= CELLS) {
                each(decoders, decoder -> decoder.restore(saved + 1, sequence));
                lengths[sequence] = savedLengths.get(saved);
            }
        }
    }

    private void append(List<Decoder> decoders, int sequence, int tokens) {
        if (tokens > 0) {
            Batch batch = new Batch(tokens);
            IntStream.range(0, tokens).forEach(i -> batch.add(sequence, 1 + i, lengths[sequence]++));
            each(decoders, decoder -> decoder.step(batch));
        }
    }

    private void release(List<Decoder> decoders, int sequence, int length) {
        each(decoders, decoder -> decoder.release(sequence, length));
        lengths[sequence] = length;
    }

    private static void each(List<Decoder> decoders, Consumer<Decoder> change) {
        decoders.forEach(change);
    }

    @Test
    void refusesWhatWouldMixSequencesUpAndChangesNothing() {
        try (LlamaModel model = DemoModel.open();
                LlamaContext context = LlamaContext.open(model, new ContextSettings(CELLS, SEQUENCES, 62, 1))) {
            each(List.of(context), decoder -> decoder.admit(0, SETTINGS));
            append(List.of(context), 0, 62);
            context.share(0, 1, 10);
            long saved = context.save(0);

            assertRefused(() -> context.share(0, 1, 10));
            assertRefused(() -> context.share(0, 0, 10));
            assertRefused(() -> context.share(0, 2, 63));
            assertRefused(() -> context.share(0, SEQUENCES, 1));
            assertRefused(() -> context.cellsOf(0, 0));
            assertRefused(() -> context.save(2));
            assertRefused(() -> context.restore(saved, 0));
            assertRefused(() -> context.restore(saved + 1, 2));
            assertRefused(() -> context.forget(saved + 1));
            assertThat(context.cellsOf(ALL)).isEqualTo(62);

            context.forget(saved);
            assertRefused(() -> context.restore(saved, 2));
        }
    }

    private static void assertRefused(Runnable call) {
        LlamaException refused = catchThrowableOfType(LlamaException.class, call::run);
        assertThat(refused.error()).isEqualTo(LlamaError.INVALID_ARGUMENT);
    }
}
