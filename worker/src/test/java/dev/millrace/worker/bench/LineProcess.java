package dev.millrace.worker.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.worker.llama.LlamaLibrary;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A peer that reads a load a line and answers each with a line: the engine, and the bare loop. */
final class LineProcess implements Peer {
    private final Process process;
    private final BufferedWriter loads;
    private final BufferedReader answers;

    private LineProcess(List<String> command) throws IOException {
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        loads = process.outputWriter(UTF_8);
        answers = process.inputReader(UTF_8);
    }

    /** The engine, on a Java with the options that a worker has. */
    static Peer engine(Setting setting, boolean exact) throws IOException {
        return engine(setting, exact, setting.onGpu());
    }

    static Peer engine(Setting setting, boolean exact, boolean candidates) throws IOException {
        return new LineProcess(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Dmillrace.native=" + LlamaLibrary.nativeDirectory(),
                "-cp",
                System.getProperty("java.class.path"),
                EngineProcess.class.getName(),
                setting.model().toString(),
                Integer.toString(setting.kvCells()),
                Integer.toString(setting.sequences()),
                Integer.toString(setting.threads()),
                Boolean.toString(exact),
                setting.device().toString(),
                Boolean.toString(candidates)));
    }

    static Peer bareLoop(Setting setting, Path program, Path libraries, boolean unified) throws IOException {
        return new LineProcess(List.of(
                program.toString(),
                libraries.toString(),
                setting.model().toString(),
                Integer.toString(setting.kvCells()),
                Integer.toString(setting.sequences()),
                Integer.toString(setting.threads()),
                setting.device().toString(),
                unified ? "unified" : "separate"));
    }

    @Override
    public Measurement generate(Load load) throws IOException {
        loads.write(load.line());
        loads.newLine();
        loads.flush();
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException("the process has ended: " + process.info());
        }
        return Measurement.parse(answer);
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
