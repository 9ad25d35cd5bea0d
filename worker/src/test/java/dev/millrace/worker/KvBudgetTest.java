package dev.millrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.process.Settings;
import dev.millrace.process.StartFailure;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.GgufFile;
import dev.millrace.worker.llama.Hardware.Memory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** With the figures of Qwen3-4B-Instruct-2507: 7.5 GiB of weights, 144 KiB of KV cache a token, a context of 256K. */
class KvBudgetTest {
    private static final long MIB = 1 << 20;
    private static final Device GPU = new Device.Gpu(0);
    private static final Device CPU = new Device.Cpu();
    private static final ModelFile MODEL = model(7_680);
    /** The same, but for its weights. */
    private static final ModelFile SMALL = model(64);

    @Test
    void aGpuHoldsWhatFitsBesideTheWeights() {
        KvBudget budget = budget(GPU, 24_000);

        assertThat(budget.cells()).isEqualTo((24_000 - 7_680 - 1280) * 1024 / 144);
        assertThat(budget.reason()).startsWith("all that fits; 106951 fit: 24000 MiB free, less 7680 of weights");
    }

    @Test
    void aLargeGpuHoldsFourContexts() {
        assertThat(budget(GPU, 200_000).cells()).isEqualTo(4 * 262_144);
    }

    @Test
    void aCpuKeepsToItsDefaultThoughMoreWouldFit() {
        assertThat(budget(CPU, 64_000).cells()).isEqualTo(32_768);
    }

    @Test
    void aCpuThatIsExactNeedsAnEighthMore() {
        assertThat(budget(CPU, 9_000).cells()).isEqualTo((9_000 - 7_680 - 256) * 1024 / 162);
        assertThat(budget(CPU, 9_000, "--inexact").cells()).isEqualTo((9_000 - 7_680 - 256) * 1024 / 144);
    }

    @Test
    void aStatedNumberIsTakenOrRefusedAsAWhole() {
        assertThat(budget(GPU, 24_000, "--kv-cells=100000").cells()).isEqualTo(100_000);
        assertThat(refusal(24_000, "--kv-cells=110000")).isEqualTo(14);
    }

    @Test
    void roomForLessThanAStepIsTooLittle() {
        int least = 7_680 + 1280 + 72; // MiB: 512 tokens are 72 MiB

        assertThat(budget(GPU, least).cells()).isEqualTo(512);
        assertThat(refusal(least - 1)).isEqualTo(14);
    }

    @Test
    void aCpuGivesEachSlotOfASmallModelItsOwnCellsWhereThatTakesNothingAway() {
        String[] room = {"--kv-cells=8192", "--max-model-len=1024"};

        assertThat(budget(SMALL, CPU, 64_000, "--kv-cells=8192").ownCells()).isFalse();
        assertThat(budget(SMALL, CPU, 64_000, "--kv-cells=8191", "--max-model-len=1024")
                        .ownCells())
                .isFalse();
        assertThat(budget(SMALL, CPU, 64_000, room))
                .extracting(KvBudget::ownCells, KvBudget::cells)
                .containsExactly(true, (8 + 1) * 1024);
        assertThat(budget(SMALL, GPU, 64_000, room).ownCells()).isFalse();
        assertThat(budget(model(65), CPU, 64_000, room))
                .extracting(KvBudget::ownCells, KvBudget::cells)
                .containsExactly(false, 8192);
    }

    /** 10 sequences of 768 cells are 1,080 MiB, and of 256 they are 360; those of four slots 216. */
    @Test
    void ownCellsAreTheDefaultWhereTheyTakeLittle() {
        assertThat(budget(SMALL, CPU, 64_000, "--max-model-len=600").ownCells()).isFalse();
        assertThat(budget(SMALL, CPU, 64_000, "--max-model-len=255").ownCells()).isFalse();
        assertThat(budget(SMALL, CPU, 64_000, "--max-model-len=255", "--slots=4")
                        .ownCells())
                .isTrue();
    }

    @Test
    void ownCellsThatDoNotFitAreOnePool() {
        int room = 64 + 256 + 1_440; // MiB: 10 sequences of 1,024 cells

        assertThat(budget(SMALL, CPU, room, "--kv-cells=8000", "--max-model-len=1000")
                        .ownCells())
                .isTrue();
        assertThat(budget(SMALL, CPU, room - 1, "--kv-cells=8000", "--max-model-len=1000"))
                .extracting(KvBudget::ownCells, KvBudget::cells)
                .containsExactly(false, 8000);
    }

    @Test
    void hostMemoryThatIsNotKnownIsNotInTheWay() {
        assertThat(budget(CPU, 0).cells()).isEqualTo(32_768);
    }

    private static ModelFile model(int weightsMib) {
        GgufFile gguf = new GgufFile("qwen3", "", 262_144, weightsMib * MIB, 1, Map.of("f16", 1), Set.of());
        return new ModelFile(Path.of("model.gguf"), "model", gguf, 144 * 1024);
    }

    private static KvBudget budget(Device device, int freeMib, String... settings) {
        return budget(MODEL, device, freeMib, settings);
    }

    private static KvBudget budget(ModelFile model, Device device, int freeMib, String... settings) {
        List<String> arguments = new ArrayList<>(List.of(settings));
        arguments.add("--model=model.gguf");
        WorkerConfig config = WorkerConfig.from(new Settings(arguments, Map.of()));
        return KvBudget.of(config, device, new Memory(freeMib * MIB, 80_000 * MIB), model, List.of());
    }

    private static int refusal(int freeMib, String... settings) {
        return catchThrowableOfType(StartFailure.class, () -> budget(GPU, freeMib, settings))
                .exitStatus();
    }
}
