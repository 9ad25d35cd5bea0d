package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * On a CPU a completion is a function of its prompt, settings and seed, to the last bit of its log-probabilities:
 * whoever shares the batch, however the prompt is cut, and whatever has happened in the KV cache before.
 */
@ParameterizedClass(name = "weights laid out for {0} slots, cells of its own for each sequence: {1}")
@CsvSource({"8, false", "9, false", "9, true"})
@SuppressWarnings("NullAway.Init") // before each invocation of the class
class ExactnessIT {
    private static final int WANTED = 40;
    /** Attention takes another kernel from 512 cells on if there is one row. */
    private static final int PROMPT_TOKENS = 610;

    /** All that looks back at earlier tokens. */
    private static final SamplerSettings SETTINGS = new SamplerSettings(
            1, 0.99f, 0, 1e-5f, 77, new Penalties(1.2f, 0.3f, 0.2f, 3), List.of(new TokenBias(7, 2)), 0);

    private static LlamaModel model;
    private static Generation alone;

    @Parameter(0)
    int slots;

    @Parameter(1)
    boolean ownCells;

    @BeforeParameterizedClassInvocation
    static void generateAlone(int slots) {
        model = DemoModel.open(new Device.Cpu(), slots);
        try (LlamaContext context = open(4000, false)) {
            alone = subject(context, 0, 512);
            Generation.run(context, List.of(alone));
        }
    }

    @AfterParameterizedClassInvocation
    static void close() {
        model.close();
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0", "7, 0", "16, 0", "62, 0", "63, 0", "64, 0", "200, 0", "1, 7", "7, 7", "16, 7", "200, 7", "500, 1"
    })
    void dependsNeitherOnChunksNorOnNeighbours(int chunk, int neighbours) {
        try (LlamaContext context = open(4000)) {
            List<Generation> generations = neighbours(context, neighbours);
            generations.add(subject(context, 0, chunk));

            Generation.run(context, generations);

            assertSameAsAlone(generations.get(neighbours));
        }
    }

    /** Ids that lie apart are computed apart where each has cells of its own, near ones with what lies between them. */
    @ParameterizedTest
    @CsvSource({"1, 3", "1, 7", "3, 4", "6, 7"})
    void doesNotDependOnTheIdsOfNeighbours(int one, int other) {
        try (LlamaContext context = open(4000)) {
            List<Generation> generations = new ArrayList<>(neighbours(context, 7).stream()
                    .filter(neighbour -> neighbour.sequence == one || neighbour.sequence == other)
                    .toList());
            generations.add(subject(context, 0, 62));

            Generation.run(context, generations);

            assertSameAsAlone(generations.get(2));
        }
    }

    @Test
    void doesNotDependOnWhatOthersLeaveBehind() {
        try (LlamaContext context = open(4000)) {
            List<Generation> earlier = neighbours(context, 7);
            Generation.run(context, earlier);
            context.release(2, 0);
            context.release(4, 30);
            Generation subject = subject(context, 0, 16);
            Batch batch = new Batch(context.batchTokens());
            for (int step = 0; step < 25; step++) {
                Generation.step(context, batch, List.of(subject));
            }
            context.release(1, 5);
            context.release(3, 0);

            Generation.run(context, List.of(subject));

            assertSameAsAlone(subject);
        }
    }

    @Test
    void doesNotDependOnHowOftenTheCacheWasFilled() {
        try (LlamaContext context = open(1200)) {
            Generation subject = subject(context, 0, 100);
            Batch batch = new Batch(context.batchTokens());
            for (int round = 0; round < 12; round++) {
                Generation.run(context, neighbours(context, 3));
                Generation.step(context, batch, List.of(subject));
                Generation.step(context, batch, List.of(subject));
                context.release(1, round);
                context.release(2, 0);
                context.release(3, 0);
            }

            Generation.run(context, List.of(subject));

            assertSameAsAlone(subject);
        }
    }

    /** Two threads share the cells of a long sequence among them, but only of a lone row. */
    @Test
    void doesNotDependOnThreads() {
        try (LlamaContext context = LlamaContext.open(model, settings(4000, 2, ownCells))) {
            Generation subject = subject(context, 0, 512);

            Generation.run(context, List.of(subject));

            assertSameAsAlone(subject);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {100, PROMPT_TOKENS - 1, PROMPT_TOKENS + 20})
    void continuesFromAnyPrefixAsIfNothingHadHappened(int kept) {
        try (LlamaContext context = open(4000)) {
            Generation.run(context, List.of(subject(context, 3, 64)));
            List<Integer> sequence = new ArrayList<>(
                    Arrays.stream(prompt(1, PROMPT_TOKENS)).boxed().toList());
            int first = Math.max(0, kept + 1 - PROMPT_TOKENS);
            sequence.addAll(alone.tokens.subList(0, first));
            Batch batch = new Batch(context.batchTokens());

            context.release(3, kept);

            int position = kept;
            for (int index = first; index < WANTED; index++) {
                while (position < sequence.size() - 1) {
                    batch.add(3, sequence.get(position), position++);
                }
                batch.addOutput(3, sequence.get(position), position++, index);
                context.step(batch);
                assertThat(batch.sampledToken(0)).as("index %d", index).isEqualTo(alone.tokens.get(index));
                assertThat(Float.floatToRawIntBits(batch.sampledLogprob(0))).isEqualTo(alone.logprobBits.get(index));
                sequence.add(batch.sampledToken(0));
                batch.clear();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 61, 100, 609})
    void doesNotDependOnWhoComputedTheBeginning(int shared) {
        try (LlamaContext context = open(4000)) {
            List<Generation> others = neighbours(context, 5);
            Generation.run(context, List.of(subject(context, 6, 50)));
            Generation subject = subject(context, 0, 62);
            context.share(6, 0, shared);
            context.release(6, 0);
            others.add(subject.goingOnAt(shared));

            Generation.run(context, others);

            assertSameAsAlone(subject);
        }
    }

    @Test
    void doesNotDependOnAStayInHostMemory() {
        try (LlamaContext context = open(4000)) {
            Generation subject = subject(context, 0, 100);
            Batch batch = new Batch(context.batchTokens());
            for (int step = 0; step < 22; step++) {
                Generation.step(context, batch, List.of(subject));
                if (step % 3 == 2) {
                    long saved = context.save(0);
                    context.admit(0, SETTINGS);
                    Generation.run(context, neighbours(context, step % 4));
                    context.restore(saved, 0);
                    context.forget(saved);
                }
            }

            Generation.run(context, List.of(subject));

            assertSameAsAlone(subject);
        }
    }

    /** The cache is so small that all is moved together time and again, shared cells among it. */
    @Test
    void doesNotDependOnMovesOfWhatIsShared() {
        try (LlamaContext context = open(850)) {
            Generation subject = subject(context, 0, 100);
            Batch batch = new Batch(context.batchTokens());
            for (int step = 0; step < 42; step++) {
                Generation.step(context, batch, List.of(subject));
                context.release(7, 0);
                context.share(0, 7, context.cellsOf(0) - step % 5);
                Generation.run(context, neighbours(context, 2));
                context.release(1, 0);
            }

            Generation.run(context, List.of(subject));

            assertSameAsAlone(subject);
        }
    }

    /** Neither its rows nor its rounding are what they would be otherwise; what it says is. */
    @Test
    void takesOtherKernelsWhereItNeedNotBeExact() {
        try (LlamaContext context = LlamaContext.open(model, new ContextSettings(4000, 8, 512, 1, false))) {
            Generation subject = subject(context, 0, 512);

            Generation.run(context, List.of(subject));

            assertThat(subject.logprobBits).hasSize(WANTED).isNotEqualTo(alone.logprobBits);
            assertThat(Float.intBitsToFloat(subject.logprobBits.get(0)))
                    .isCloseTo(Float.intBitsToFloat(alone.logprobBits.get(0)), within(1e-2f));
        }
    }

    private LlamaContext open(int kvCells) {
        return open(kvCells, ownCells);
    }

    private static LlamaContext open(int kvCells, boolean ownCells) {
        return LlamaContext.open(model, settings(kvCells, 1, ownCells));
    }

    /** Cells of its own each sequence has as many as the subject comes to. */
    private static ContextSettings settings(int kvCells, int threads, boolean ownCells) {
        int cells = ownCells ? 8 * (PROMPT_TOKENS + WANTED) : kvCells;
        return new ContextSettings(cells, 8, 512, threads, true, false, ownCells);
    }

    private static Generation subject(LlamaContext context, int sequence, int chunk) {
        return new Generation(context, sequence, SETTINGS, prompt(1, PROMPT_TOKENS), chunk, WANTED);
    }

    private static List<Generation> neighbours(LlamaContext context, int count) {
        List<Generation> generations = new ArrayList<>();
        for (int sequence = 1; sequence <= count; sequence++) {
            SamplerSettings settings = new SamplerSettings(1, 1, 0, sequence);
            int[] prompt = prompt(50 + sequence, 20 + 13 * sequence);
            generations.add(new Generation(context, sequence, settings, prompt, 11 * sequence, WANTED + sequence));
        }
        return generations;
    }

    /** Any tokens: what the model makes of them does not matter. */
    private static int[] prompt(int seed, int tokens) {
        return new Random(seed).ints(tokens, 0, 2000).toArray();
    }

    private static void assertSameAsAlone(Generation generation) {
        assertThat(generation.tokens).isEqualTo(alone.tokens);
        assertThat(generation.logprobBits).isEqualTo(alone.logprobBits);
    }
}
