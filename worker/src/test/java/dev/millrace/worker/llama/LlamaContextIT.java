package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LlamaContextIT {
    private LlamaModel model;
    private LlamaContext context;

    @BeforeEach
    void open() {
        model = DemoModel.open();
        context = LlamaContext.open(model, new ContextSettings(300, 4, 128, 1));
        for (int sequence = 0; sequence < 4; sequence++) {
            context.admit(sequence, SamplerSettings.GREEDY);
        }
    }

    @AfterEach
    void close() {
        context.close();
        model.close();
    }

    @Test
    void tellsItsLimits() {
        assertThat(context.kvCells()).isEqualTo(300);
        assertThat(context.sequences()).isEqualTo(4);
        assertThat(context.batchTokens()).isEqualTo(128);
    }

    @Test
    void takesEveryCellAndThenSaysFullAndChangesNothing() {
        context.step(rows(0, 0, 128));
        context.step(rows(0, 128, 128));
        context.step(rows(1, 0, 43));

        assertThat(error(() -> context.step(rows(1, 43, 2)))).isEqualTo(LlamaError.KV_CACHE_FULL);

        context.step(rows(1, 43, 1));
        assertThat(error(() -> context.step(rows(2, 0, 1)))).isEqualTo(LlamaError.KV_CACHE_FULL);
        context.release(0, 255);
        context.step(rows(2, 0, 1));
    }

    @Test
    void forgetsWhatIsReleased() {
        context.step(rows(0, 0, 20));

        context.release(0, 5);

        assertThat(error(() -> context.step(rows(0, 20, 1)))).isEqualTo(LlamaError.INVALID_ARGUMENT);
        context.step(rows(0, 5, 1));
        assertThat(error(() -> context.release(0, 7))).isEqualTo(LlamaError.INVALID_ARGUMENT);
    }

    @Test
    void startsOverWhenAdmittedAgain() {
        context.step(rows(0, 0, 20));

        context.admit(0, SamplerSettings.GREEDY);

        context.step(rows(0, 0, 1));
    }

    @Test
    void samplesInTheOrderOfTheRows() {
        context.admit(0, SamplerSettings.GREEDY.withLogprobs(0));
        context.admit(2, SamplerSettings.GREEDY.withLogprobs(0));
        Batch batch = new Batch(8);
        batch.addOutput(2, 5, 0, 0);
        batch.add(1, 6, 0);
        batch.addOutput(0, 7, 0, 0);

        context.step(batch);

        for (int output = 0; output < 2; output++) {
            context.release(batch.outputSequence(output), 0);
            Batch alone = new Batch(1);
            alone.addOutput(batch.outputSequence(output), batch.token(batch.outputRow(output)), 0, 0);
            context.step(alone);
            assertThat(batch.sampledToken(output)).isEqualTo(alone.sampledToken(0));
            assertThat(batch.sampledLogprob(output))
                    .isEqualTo(alone.sampledLogprob(0))
                    .isNegative();
        }
    }

    @Test
    void worksWithBatchesOfOne() {
        try (LlamaContext small = LlamaContext.open(model, new ContextSettings(40, 1, 1, 1))) {
            Generation generation = new Generation(small, 0, SamplerSettings.GREEDY, new int[] {1, 2, 3}, 1, 20);

            Generation.run(small, List.of(generation));

            assertThat(generation.tokens).hasSize(20);
        }
    }

    @Test
    void refusesEmptyBatches() {
        assertThat(error(() -> context.step(new Batch(5)))).isEqualTo(LlamaError.INVALID_ARGUMENT);
    }

    @Test
    void refusesRowsThatDoNotFitAndChangesNothing() {
        context.step(rows(0, 0, 3));
        Batch unknownToken = new Batch(2);
        unknownToken.add(0, 1, 3);
        unknownToken.addOutput(0, model.vocabulary().size(), 4, 0);
        Batch afterOutput = new Batch(2);
        afterOutput.addOutput(0, 1, 3, 0);
        afterOutput.add(0, 1, 4);

        assertThat(error(() -> context.step(unknownToken))).isEqualTo(LlamaError.INVALID_ARGUMENT);
        assertThat(error(() -> context.step(afterOutput))).isEqualTo(LlamaError.INVALID_ARGUMENT);
        assertThat(error(() -> context.step(rows(0, 2, 1)))).isEqualTo(LlamaError.INVALID_ARGUMENT);
        assertThat(error(() -> context.step(rows(0, 4, 1)))).isEqualTo(LlamaError.INVALID_ARGUMENT);
        assertThat(error(() -> context.step(rows(4, 0, 1)))).isEqualTo(LlamaError.INVALID_ARGUMENT);
        assertThat(error(() -> context.step(rows(0, 3, 129)))).isEqualTo(LlamaError.INVALID_ARGUMENT);
        context.step(rows(0, 3, 1));
    }

    @Test
    void refusesOtherThreads() {
        Throwable thrown = CompletableFuture.supplyAsync(
                        () -> catchThrowableOfType(IllegalStateException.class, () -> context.step(rows(0, 0, 1))))
                .join();

        assertThat(thrown).isNotNull();
    }

    @Test
    void keepsItsModelOpen() {
        assertThat(error(model::close)).isEqualTo(LlamaError.CLOSED);

        context.step(rows(0, 0, 3));
        context.close();
        model.close();

        assertThat(error(() -> context.step(rows(0, 3, 1)))).isEqualTo(LlamaError.CLOSED);
        assertThat(error(() -> model.tokenize("a"))).isEqualTo(LlamaError.CLOSED);
        assertThat(error(() -> LlamaContext.open(model, new ContextSettings(1, 1, 1, 1))))
                .isEqualTo(LlamaError.CLOSED);
    }

    @Test
    void refusesAKvCacheThatTheMachineCannotHold() {
        assertThatThrownBy(() -> LlamaContext.open(model, new ContextSettings(1 << 26, 4, 128, 1)))
                .hasMessageContaining("MiB")
                .extracting(e -> ((LlamaException) e).error())
                .isEqualTo(LlamaError.OUT_OF_MEMORY);
    }

    private static Batch rows(int sequence, int position, int count) {
        Batch batch = new Batch(count);
        for (int i = 0; i < count; i++) {
            batch.add(sequence, 1 + i, position + i);
        }
        return batch;
    }

    private static LlamaError error(ThrowingCallable call) {
        return catchThrowableOfType(LlamaException.class, call).error();
    }
}
