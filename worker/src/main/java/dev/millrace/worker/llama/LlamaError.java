package dev.millrace.worker.llama;

/** What went wrong in the native library. The codes are those of {@code errors.h}. */
public enum LlamaError {
    /** A bad argument; nothing was changed. A mistake of the caller. */
    INVALID_ARGUMENT(1),
    /** The native object is closed, or still in use by another. A mistake of the caller. */
    CLOSED(2),
    /** No room in the KV cache for the batch; nothing was changed. Release something and try again. */
    KV_CACHE_FULL(3),
    /** The device failed while decoding. What the KV cache holds is unknown: open a new context. */
    DECODE_FAILED(4),
    /** The model computed a score that is not a number. Its weights or the device are broken. */
    NOT_A_NUMBER(5),
    /** Memory of the host or of the device ran out. */
    OUT_OF_MEMORY(6),
    /** There is no such file, or it cannot be read. */
    FILE_UNREADABLE(7),
    /** The file is not a whole GGUF file. */
    FILE_DAMAGED(8),
    /** The file is a GGUF file, but not a model that this version of llama.cpp can run. */
    MODEL_UNSUPPORTED(9),
    /** The progress callback asked to stop loading. */
    LOAD_ABORTED(10),
    /** There is no such device, or llama.cpp's library for it does not load. */
    DEVICE_UNAVAILABLE(11),
    /** The shim or llama.cpp's library cannot be found or loaded. */
    LIBRARY_UNAVAILABLE(12),
    /** llama.cpp's library is of another version than the shim was compiled for. */
    LIBRARY_VERSION(13),
    /** A C++ exception or another surprise. */
    INTERNAL(14);

    private final int code;

    LlamaError(int code) {
        this.code = code;
    }

    static LlamaError ofCode(int code) {
        for (LlamaError error : values()) {
            if (error.code == code) {
                return error;
            }
        }
        return INTERNAL;
    }
}
