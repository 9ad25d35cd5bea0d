package dev.millrace.worker;

import dev.millrace.process.StartFailure;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.GgufFile;
import dev.millrace.worker.llama.Hardware;
import dev.millrace.worker.llama.Hardware.Cuda;
import dev.millrace.worker.llama.Hardware.Memory;
import dev.millrace.worker.llama.LlamaException;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LoraFile;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells what a worker would use here, and why, without starting one. What it finds in the way is what a start would fail
 * with; unlike a start it goes on to the next thing.
 */
final class Doctor {
    private static final long KIB = 1 << 10;
    private static final long MIB = 1 << 20;

    private final WorkerConfig config;
    private final PrintStream out;
    private @Nullable StartFailure first;

    private Doctor(WorkerConfig config, PrintStream out) {
        this.config = config;
        this.out = out;
    }

    /** What a start with this configuration would fail with; empty when nothing is in its way. */
    static Optional<StartFailure> examine(WorkerConfig config, PrintStream out) {
        Doctor doctor = new Doctor(config, out);
        doctor.attempt(() -> Preflight.openLibrary(config)).ifPresent(doctor::examine);
        return Optional.ofNullable(doctor.first);
    }

    private void examine(LlamaLibrary library) {
        Hardware hardware = Hardware.of(library);
        tell("llama.cpp", library.version() + ", " + library.file());
        tell("cpu", orNone(hardware.cpuLibrary()) + ", memory " + memory(hardware.host()));
        tell("cuda", cuda(hardware.cuda()));
        tell("driver", driver(hardware));
        if (hardware.gpus().isEmpty()) {
            tell("gpus", "none");
        }
        for (int i = 0; i < hardware.gpus().size(); i++) {
            Hardware.Gpu gpu = hardware.gpus().get(i);
            tell("gpu " + i, gpu.description() + ", memory " + memory(gpu.memory()));
        }
        attempt(() -> GgufFile.inspect(library, config.model())).ifPresent(file -> tell("model", model(file)));
        Optional<ModelFile> model = attempt(() -> ModelFile.check(library, config));
        List<AdapterFile> adapters = model.map(file -> adapters(library)).orElse(List.of());
        config.devices().forEach(device -> examine(hardware, device, model, adapters));
    }

    private List<AdapterFile> adapters(LlamaLibrary library) {
        List<Path> files = attempt(() -> AdapterFile.in(config.adapters())).orElse(List.of());
        List<AdapterFile> adapters = files.stream()
                .flatMap(file -> attempt(() -> AdapterFile.check(library, file, config.model())).stream())
                .toList();
        adapters.forEach(adapter -> tell("adapter", adapter(adapter)));
        return adapters;
    }

    private void examine(Hardware hardware, Device device, Optional<ModelFile> model, List<AdapterFile> adapters) {
        attempt(() -> Preflight.memory(hardware, device))
                .flatMap(memory ->
                        model.flatMap(file -> attempt(() -> KvBudget.of(config, device, memory, file, adapters))))
                .ifPresent(budget ->
                        tell("device " + device, budget.cells() + " tokens of context (" + budget.reason() + ")"));
    }

    private <T> Optional<T> attempt(Supplier<T> step) {
        try {
            return Optional.of(step.get());
        } catch (StartFailure e) {
            note(e);
        } catch (LlamaException e) {
            if (!(StartProblem.explain(e) instanceof StartFailure failure)) {
                throw e;
            }
            note(failure);
        }
        return Optional.empty();
    }

    /** What two steps stumble over is told once. */
    private void note(StartFailure failure) {
        if (first == null || !String.valueOf(first.getMessage()).equals(failure.getMessage())) {
            tell("problem", failure.getMessage() + " (exit status " + failure.exitStatus() + ")");
        }
        first = first == null ? failure : first;
    }

    private void tell(String what, String finding) {
        out.printf("%-10s %s%n", what, finding);
    }

    private static String cuda(Cuda cuda) {
        if (cuda.library().isEmpty()) {
            return "none";
        }
        String needs = cuda.needs() == 0 ? "" : ", for CUDA " + Cuda.version(cuda.needs());
        String said = cuda.said().isEmpty() ? "" : "; " + cuda.said();
        return cuda.library() + (cuda.loaded() ? ", loaded" : ", does not load") + needs + said;
    }

    private static String driver(Hardware hardware) {
        int supports = hardware.cuda().driverSupports();
        return orNone(hardware.driver()) + (supports == 0 ? "" : ", supports CUDA " + Cuda.version(supports));
    }

    private static String memory(Memory memory) {
        return memory.freeBytes() / MIB + " MiB free of " + memory.totalBytes() / MIB;
    }

    private String model(GgufFile file) {
        String types = new TreeMap<>(file.tensorTypes()).toString().replaceAll("[{}]", "");
        String quantized = file.quantizedTypes().isEmpty() ? "not quantised" : "quantised";
        return config.model() + ", " + file.architecture() + ", tensors " + types + " (" + quantized + "), "
                + file.bytes() / MIB + " MiB, context of " + file.contextTokens() + " tokens";
    }

    private static String adapter(AdapterFile adapter) {
        LoraFile lora = adapter.lora();
        return adapter.name() + ", rank " + lora.rank() + ", for " + lora.matrices() + " matrices, "
                + lora.bytes() / KIB + " KiB";
    }

    private static String orNone(String text) {
        return text.isEmpty() ? "none" : text;
    }
}
