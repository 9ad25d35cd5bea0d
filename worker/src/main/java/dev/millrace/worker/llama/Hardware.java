package dev.millrace.worker.llama;

import java.util.List;

/**
 * What llama.cpp can use on this machine. The memory is that of the moment.
 *
 * @param cpuLibrary the variant that ggml chose for this processor; empty if it does not tell
 * @param host the machine's own memory
 * @param driver of NVIDIA, such as {@code 580.65.06}; empty if there is none
 * @param gpus by their numbers
 */
public record Hardware(String cpuLibrary, Memory host, Cuda cuda, String driver, List<Gpu> gpus) {
    /**
     * Of one device.
     *
     * @param freeBytes what may still be taken; 0 if unknown
     */
    public record Memory(long freeBytes, long totalBytes) {}

    /**
     * One that CUDA, or another of llama.cpp's back ends, shows.
     *
     * @param description the GPU's own name
     */
    public record Gpu(String description, Memory memory) {}

    /**
     * llama.cpp's library for NVIDIA's GPUs. Versions are as CUDA counts them: 13010 is 13.1.
     *
     * @param library its file; empty if there is none
     * @param loaded whether it could be loaded
     * @param said why it could not, or found no GPU
     * @param driverSupports the newest CUDA that the driver can run; 0 if there is no driver
     * @param needs the CUDA that the library was built for; 0 if unknown
     */
    public record Cuda(String library, boolean loaded, String said, int driverSupports, int needs) {
        private static final int MAJOR = 1000;

        /** Whether the driver is of an older generation of CUDA than the library. Within one, any driver will do. */
        public boolean driverTooOld() {
            return driverSupports > 0 && driverSupports / MAJOR < needs / MAJOR;
        }

        /** {@code 13.1} for 13010. */
        public static String version(int version) {
            return version / MAJOR + "." + version % MAJOR / 10;
        }
    }

    public Hardware {
        gpus = List.copyOf(gpus);
    }

    /**
     * Looks at the machine.
     *
     * @param library only so that nobody calls before the native library is open
     */
    public static Hardware of(LlamaLibrary library) {
        return HardwareReader.read();
    }
}
