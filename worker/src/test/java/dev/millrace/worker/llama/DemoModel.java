package dev.millrace.worker.llama;

import java.nio.file.Path;

/** The model that the repository brings, and the library that the build made. */
public final class DemoModel {
    public static final Path FILE = Path.of("demo-model", "millrace-demo-f16.gguf");
    public static final Path EXPECTED = Path.of("demo-model", "expected.jsonl");

    private DemoModel() {}

    static LlamaLibrary library() {
        String home = System.getenv("LLAMA_HOME");
        return LlamaLibrary.load(LlamaLibrary.nativeDirectory(), home == null ? null : Path.of(home));
    }

    public static LlamaModel open() {
        return open(new Device.Cpu());
    }

    static LlamaModel open(Device device) {
        return LlamaModel.open(library(), FILE, device, LoadProgress.SILENT);
    }
}
