package dev.millrace.worker;

import dev.millrace.process.StartFailure;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.Hardware;
import dev.millrace.worker.llama.Hardware.Cuda;
import dev.millrace.worker.llama.Hardware.Memory;
import dev.millrace.worker.llama.LlamaException;
import dev.millrace.worker.llama.LlamaLibrary;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a start rests on, made sure of before anything large is loaded.
 *
 * @param adapters in the order of their numbers, from 1 on
 * @param budgets one for each device
 */
record Preflight(LlamaLibrary library, ModelFile modelFile, List<AdapterFile> adapters, Map<Device, KvBudget> budgets) {

    /**
     * Takes seconds at most.
     *
     * @throws StartFailure for the first thing that is in the way
     * @throws LlamaException likewise; {@link StartProblem#explain} makes the former of it
     */
    static Preflight of(WorkerConfig config) {
        LlamaLibrary library = openLibrary(config);
        Hardware hardware = Hardware.of(library);
        ModelFile modelFile = ModelFile.check(library, config);
        List<AdapterFile> adapters = AdapterFile.in(config.adapters()).stream()
                .map(file -> AdapterFile.check(library, file, modelFile.path()))
                .toList();
        Map<Device, KvBudget> budgets = new HashMap<>();
        for (Device device : config.devices()) {
            budgets.put(device, KvBudget.of(config, device, memory(hardware, device), modelFile, adapters));
        }
        return new Preflight(library, modelFile, adapters, budgets);
    }

    /** Opens llama.cpp. It throws a {@link LlamaException} when that cannot be used. */
    static LlamaLibrary openLibrary(WorkerConfig config) {
        return LlamaLibrary.load(LlamaLibrary.nativeDirectory(), config.llamaHome());
    }

    /**
     * The memory of a device.
     *
     * @throws StartFailure when it is a GPU that cannot be used
     */
    static Memory memory(Hardware hardware, Device device) {
        if (!(device instanceof Device.Gpu gpu)) {
            return hardware.host();
        }
        if (gpu.number() < hardware.gpus().size()) {
            return hardware.gpus().get(gpu.number()).memory();
        }
        throw whyNot(hardware, gpu);
    }

    private static StartFailure whyNot(Hardware hardware, Device.Gpu gpu) {
        Cuda cuda = hardware.cuda();
        if (!hardware.gpus().isEmpty()) {
            return StartProblem.GPU.failure("GPU " + gpu + " was asked for, and there are "
                    + hardware.gpus().size() + ", counted from 0");
        }
        if (cuda.library().isEmpty()) {
            return StartProblem.CUDA_LIBRARY.failure("there is no libggml-cuda.so beside llama.cpp's other libraries");
        }
        if (!cuda.loaded()) {
            return StartProblem.CUDA_LIBRARY.failure(cuda.said());
        }
        if (cuda.driverTooOld()) {
            return StartProblem.DRIVER.failure("it supports CUDA " + Cuda.version(cuda.driverSupports()) + ", and "
                    + cuda.library() + " needs " + Cuda.version(cuda.needs()));
        }
        return StartProblem.GPU.failure(
                "the CUDA library finds none" + (cuda.said().isEmpty() ? "" : "; " + cuda.said()));
    }
}
