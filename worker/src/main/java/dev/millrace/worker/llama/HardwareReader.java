package dev.millrace.worker.llama;

import dev.millrace.worker.llama.Hardware.Cuda;
import dev.millrace.worker.llama.Hardware.Gpu;
import dev.millrace.worker.llama.Hardware.Memory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Unpacks what the native side says about devices, and asks the kernel for its driver. */
final class HardwareReader {
    private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");
    private static final Pattern DRIVER_VERSION = Pattern.compile("NVRM version:.*?\\s(\\d+(\\.\\d+)+)\\s");

    private HardwareReader() {}

    static Hardware read() {
        Summary summary = new Summary();
        LlamaLibrary.check(inspect(summary.memory(), Summary.BYTES));
        String cpuLibrary = summary.text();
        Memory host = memory(summary);
        Cuda cuda = new Cuda(
                summary.text(), summary.integer() != 0, summary.text().strip(), summary.integer(), summary.integer());
        List<Gpu> gpus = new ArrayList<>();
        for (int left = summary.integer(); left > 0; left--) {
            gpus.add(new Gpu(summary.text(), memory(summary)));
        }
        return new Hardware(cpuLibrary, host, cuda, driver(), gpus);
    }

    private static Memory memory(Summary summary) {
        return new Memory(summary.number(), summary.number());
    }

    private static String driver() {
        try {
            return Files.exists(DRIVER) ? driverVersion(Files.readString(DRIVER)) : "";
        } catch (IOException e) {
            return "";
        }
    }

    /** Out of what the kernel says. */
    static String driverVersion(String kernelSays) {
        Matcher matcher = DRIVER_VERSION.matcher(kernelSays);
        return matcher.find() ? matcher.group(1) : "";
    }

    private static native long inspect(ByteBuffer summary, int summaryBytes);
}
