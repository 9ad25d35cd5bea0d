package dev.millrace.worker;

import dev.millrace.process.StartFailure;
import dev.millrace.worker.llama.LlamaException;

/** What keeps a worker from starting on a machine, each with an exit status of its own. The README lists them. */
enum StartProblem {
    LIBRARY(10, "llama.cpp cannot be used"),
    CUDA_LIBRARY(11, "the CUDA library cannot be used"),
    DRIVER(12, "the NVIDIA driver is too old"),
    GPU(13, "there is no such GPU"),
    MEMORY(14, "too little memory"),
    FILE(15, "the model file cannot be read"),
    DAMAGED(16, "the model file is damaged"),
    ARCHITECTURE(17, "llama.cpp cannot run the model"),
    WEIGHTS(18, "the model's weights are not F16"),
    ADAPTER(19, "an adapter cannot be used");

    private final int exitStatus;
    private final String text;

    StartProblem(int exitStatus, String text) {
        this.exitStatus = exitStatus;
        this.text = text;
    }

    StartFailure failure(String detail) {
        return new StartFailure(text + ": " + detail, exitStatus);
    }

    /** The same failure as one that the operator can act on, where it is such. */
    static Throwable explain(Throwable failure) {
        if (!(failure instanceof LlamaException llama)) {
            return failure;
        }
        return switch (llama.error()) {
            case LIBRARY_UNAVAILABLE, LIBRARY_VERSION -> LIBRARY.failure(llama.detail());
            case DEVICE_UNAVAILABLE -> GPU.failure(llama.detail());
            case OUT_OF_MEMORY -> MEMORY.failure(llama.detail());
            case FILE_UNREADABLE -> FILE.failure(llama.detail());
            case FILE_DAMAGED -> DAMAGED.failure(llama.detail());
            case MODEL_UNSUPPORTED -> ARCHITECTURE.failure(llama.detail());
            default -> failure;
        };
    }
}
