package dev.millrace.worker;

import dev.millrace.process.StartFailure;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.Hardware.Memory;
import java.util.List;
import java.util.Locale;

/**
 * How many tokens one device's KV cache holds, and whether each sequence has its part of them instead of one pool for
 * all: on a CPU with a small model, where that takes nothing away since there is a whole context for each slot.
 *
 * @param reason how that was found, for the operator
 */
record KvBudget(int cells, boolean ownCells, String reason) {
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

    /** So much a CPU spends on a context for each slot, unless the settings say how many cells to have. */
    private static final long MOST_DEFAULT_OWN_BYTES = 256 * MIB;

    /**
     * With cells of its own for each slot a step that reads a prompt beside streams reads the weights twice, which is
     * little only where they stay in the processor's cache. A model of 2.6 MB gains, one of 540 loses a quarter; where
     * between them it turns depends on the processor.
     */
    private static final long MOST_OWN_WEIGHT_BYTES = 64 * MIB;

    private static final int MOST_CELLS = 1 << 24;
    /** In which llama.cpp counts the cells of one sequence. */
    private static final int CELL_BLOCK = 256;

    /**
     * What fits beside the weights; less if the model has no use for it or the settings say so.
     *
     * @param memory of the device, before the model is loaded
     * @throws StartFailure when that is not enough
     */
    static KvBudget of(WorkerConfig config, Device device, Memory memory, ModelFile model, List<AdapterFile> adapters) {
        boolean cpu = device instanceof Device.Cpu;
        long reserve = cpu ? CPU_RESERVE_BYTES : GPU_RESERVE_BYTES;
        long weights = model.gguf().bytes()
                + adapters.stream().mapToLong(adapter -> adapter.lora().bytes()).sum();
        boolean known = memory.freeBytes() > 0;
        long room = known ? memory.freeBytes() - weights - reserve : Long.MAX_VALUE;
        boolean own = cpu && weights <= MOST_OWN_WEIGHT_BYTES && ownCells(config, model, room);
        long perToken = model.kvBytesPerToken();
        // An exact CPU keeps an eighth more in a pool, see the native KvCache.
        long cellBytes = cpu && !own && config.exact() ? perToken + (perToken + 7) / 8 : perToken;
        long fit = Math.max(0, Math.min(MOST_CELLS, room / cellBytes));
        String sum = String.format(
                Locale.ROOT,
                "%d fit: %d MiB free, less %d of weights and %d for buffers, at %.1f KiB a token",
                fit,
                memory.freeBytes() / MIB,
                weights / MIB,
                reserve / MIB,
                cellBytes / 1024.0);

        int context = config.contextTokens(model.gguf());
        if (own) {
            return new KvBudget((config.slots() + 1) * context, true, "a context for each slot; " + sum);
        }
        boolean stated = config.kvCells() > 0;
        int most = (int) Math.min(cpu ? MOST_DEFAULT_CPU_CELLS : MOST_CELLS, (long) DEFAULT_CONTEXTS * context);
        long wanted = stated ? config.kvCells() : Math.min(fit, most);
        long least = Math.max(wanted, config.batchTokens());
        if (least > fit) {
            throw StartProblem.MEMORY.failure("device " + device + " needs room for " + least + " tokens, but " + sum);
        }
        String why = stated ? "kv-cells" : wanted < fit ? "the default for this model" : "all that fits";
        return new KvBudget((int) wanted, false, why + "; " + sum);
    }

    /** Whether a context for each slot fits, and is what the settings ask for or takes little. */
    private static boolean ownCells(WorkerConfig config, ModelFile model, long roomBytes) {
        int context = config.contextTokens(model.gguf());
        long inMemory = (config.slots() + 2L) * (context / CELL_BLOCK + 1) * CELL_BLOCK * model.kvBytesPerToken();
        boolean wanted = config.kvCells() > 0
                ? (long) config.slots() * context <= config.kvCells()
                : inMemory <= MOST_DEFAULT_OWN_BYTES;
        return wanted && inMemory <= roomBytes;
    }
}
