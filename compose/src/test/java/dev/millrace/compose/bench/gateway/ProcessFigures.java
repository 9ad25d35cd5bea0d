package dev.millrace.compose.bench.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a Java process uses, as Linux and the JDK tell it. */
record ProcessFigures(long pid) {
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");
    private static final Pattern USED_HEAP = Pattern.compile("total \\d+K, used (\\d+)K");
    private static final double NANOS_PER_SECOND = 1e9;

    /** Since its start. */
    double cpuSeconds() {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().totalCpuDuration())
                .map(cpu -> cpu.toNanos() / NANOS_PER_SECOND)
                .orElse(0d);
    }

    long residentKiB() throws IOException {
        return sum(RESIDENT, Files.readString(Path.of("/proc/" + pid + "/status")));
    }

    /** Of objects that are reachable: it collects first. */
    long usedHeapKiB() throws IOException, InterruptedException {
        jcmd("GC.run");
        return sum(USED_HEAP, jcmd("GC.heap_info"));
    }

    private String jcmd(String command) throws IOException, InterruptedException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        Process process = new ProcessBuilder(jcmd.toString(), Long.toString(pid), command).start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
            throw new IOException(command + " failed: " + said);
        }
        return said;
    }

    private static long sum(Pattern number, String text) throws IOException {
        Matcher matcher = number.matcher(text);
        long sum = 0;
        boolean found = false;
        while (matcher.find()) {
            sum += Long.parseLong(matcher.group(1));
            found = true;
        }
        if (!found) {
            throw new IOException("no " + number + " in: " + text);
        }
        return sum;
    }
}
