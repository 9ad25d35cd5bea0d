package dev.millrace.worker;

import dev.millrace.process.StartFailure;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.Hardware.Memory;
import java.util.List;
import java.util.Locale;

/**
 * How many tokens one device's KV cache holds.
 *
 * @param reason how that was found, for the operator
 */
record KvBudget(int cells, String reason) {
    private static final long MIB = 1 << 20;
    /**
     * For what is neither weights nor KV cache: buffers of a step with three rows of scores for each sequence, and on a
     * GPU CUDA itself and cuBLAS' workspace. An estimate on the safe side.
     */
    private static final long GPU_RESERVE_BYTES = 1280 * MIB;

    private static final long CPU_RESERVE_BYTES = 256 * MIB;

    private static final int DEFAULT_CONTEXTS = 4;
    /** On a CPU, more would take memory that something else may need. A GPU is the worker's alone. */
    private static final int MOST_DEFAULT_CPU_CELLS = 32_768;

    private static final int MOST_CELLS = 1 << 24;

    /**
     * What fits beside the weights; less if the model has no use for it or the settings say so.
     *
     * @param memory of the device, before the model is loaded
     * @throws StartFailure when that is not enough
     */
    static KvBudget of(WorkerConfig config, Device device, Memory memory, ModelFile model, List<AdapterFile> adapters) {
        boolean cpu = device instanceof Device.Cpu;
        long perToken = model.kvBytesPerToken();
        // An exact CPU keeps an eighth more, see the native KvCache.
        long cellBytes = cpu && config.exact() ? perToken + (perToken + 7) / 8 : perToken;
        long reserve = cpu ? CPU_RESERVE_BYTES : GPU_RESERVE_BYTES;
        long weights = model.gguf().bytes()
                + adapters.stream().mapToLong(adapter -> adapter.lora().bytes()).sum();
        long room = memory.freeBytes() - weights - reserve;
        long fit = memory.freeBytes() == 0 ? MOST_CELLS : Math.max(0, Math.min(MOST_CELLS, room / cellBytes));
        String sum = String.format(
                Locale.ROOT,
                "%d fit: %d MiB free, less %d of weights and %d for buffers, at %.1f KiB a token",
                fit,
                memory.freeBytes() / MIB,
                weights / MIB,
                reserve / MIB,
                cellBytes / 1024.0);

        boolean stated = config.kvCells() > 0;
        int most = (int) Math.min(
                cpu ? MOST_DEFAULT_CPU_CELLS : MOST_CELLS,
                (long) DEFAULT_CONTEXTS * model.gguf().contextTokens());
        long wanted = stated ? config.kvCells() : Math.min(fit, most);
        long least = Math.max(wanted, config.batchTokens());
        if (least > fit) {
            throw StartProblem.MEMORY.failure("device " + device + " needs room for " + least + " tokens, but " + sum);
        }
        String why = stated ? "kv-cells" : wanted < fit ? "the default for this model" : "all that fits";
        return new KvBudget((int) wanted, why + "; " + sum);
    }
}
