package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A lone completion gets the same tokens, and the same bits of their log-probabilities, with and without guesses. */
@ParameterizedClass(name = "cells of its own for each sequence: {0}")
@ValueSource(booleans = {false, true})
@SuppressWarnings("NullAway.Init") // before each invocation of the class
class GuessingIT {
    private static final int WANTED = 60;
    private static final int PROMPT_TOKENS = 40;

    private static LlamaModel model;

    @Parameter
    boolean ownCells;

    @BeforeParameterizedClassInvocation
    static void open(boolean ownCells) {
        model = DemoModel.open(new Device.Cpu(), 2);
    }

    @AfterParameterizedClassInvocation
    static void close() {
        model.close();
    }

    static List<SamplerSettings> settings() {
        return List.of(
                sampled(0, Penalties.NONE),
                sampled(0.7f, Penalties.NONE),
                sampled(0.7f, new Penalties(1, -0.5f, 0, 0)));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void drawsTheSame(SamplerSettings settings) {
        Generation oneByOne = oneByOne(settings);
        try (LlamaContext context = context(512)) {
            Generation guessing = generation(context, 1, settings);

            int right = guessing.runGuessing(context);

            assertThat(guessing.tokens).isEqualTo(oneByOne.tokens);
            assertThat(guessing.logprobBits).isEqualTo(oneByOne.logprobBits);
            assertThat(right).as("right guesses").isBetween(1, WANTED / 2);
        }
    }

    /** What one sequence says, another says after it. */
    @Test
    void learnsFromOtherSequences() {
        try (LlamaContext context = context(512)) {
            SamplerSettings settings = sampled(0.7f, Penalties.NONE);
            int first = generation(context, 0, settings).runGuessing(context);
            int second = generation(context, 1, settings).runGuessing(context);

            assertThat(first).isLessThan(second);
            assertThat(second).isGreaterThan(WANTED / 3);
        }
    }

    /** Wrong guesses among them, which must leave nothing behind. */
    @ParameterizedTest
    @MethodSource("settings")
    void goesOnAsIfNothingHadBeenGuessed(SamplerSettings settings) {
        Generation oneByOne = oneByOne(settings);
        try (LlamaContext context = context(512)) {
            Generation guessing = generation(context, 1, settings);
            guessing.runGuessing(context);
            int held = context.cellsOf(1);
            context.release(1, PROMPT_TOKENS);

            Batch batch = new Batch(8);
            int last = guessing.tokens.get(0);
            batch.addOutput(1, last, PROMPT_TOKENS, 1);
            context.step(batch);

            assertThat(held).isBetween(PROMPT_TOKENS + WANTED - 1, PROMPT_TOKENS + WANTED);
            assertThat(batch.sampledToken(0)).isEqualTo(oneByOne.tokens.get(1));
            assertThat(Float.floatToRawIntBits(batch.sampledLogprob(0))).isEqualTo(oneByOne.logprobBits.get(1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void needsNoCellThatThereIsNot(int spare) {
        int cells = PROMPT_TOKENS + WANTED - 1 + spare;
        try (LlamaContext context = context(ownCells ? 2 * cells : cells)) {
            Generation guessing = generation(context, 0, sampled(0, Penalties.NONE));

            guessing.runGuessing(context);

            assertThat(guessing.tokens).hasSize(WANTED);
            assertThat(context.cellsOf(0)).isLessThanOrEqualTo(cells);
        }
    }

    /** In a context of its own, so that the other one has seen nothing of it. */
    private Generation oneByOne(SamplerSettings settings) {
        try (LlamaContext context = context(512)) {
            Generation generation = generation(context, 0, settings);
            Generation.run(context, List.of(generation));
            return generation;
        }
    }

    private LlamaContext context(int cells) {
        return LlamaContext.open(model, new ContextSettings(cells, 2, 64, 1, true, false, ownCells));
    }

    private static Generation generation(LlamaContext context, int sequence, SamplerSettings settings) {
        return new Generation(context, sequence, settings, prompt(), 64, WANTED);
    }

    private static SamplerSettings sampled(float temperature, Penalties penalties) {
        return new SamplerSettings(temperature, 0.95f, 0, 0, 5, penalties, List.of(), 0);
    }

    /** Says the same over and over. */
    private static int[] prompt() {
        int[] prompt = new int[PROMPT_TOKENS];
        Arrays.setAll(prompt, i -> 300 + i % 7);
        return prompt;
    }
}
