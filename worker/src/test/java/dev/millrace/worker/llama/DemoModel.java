package dev.millrace.worker.llama;

import java.io.IOException;
import java.nio.file.Path;

/** The model that the repository brings, and the library that the build made. */
public final class DemoModel {
    public static final Path FILE = Path.of("demo-model", "millrace-demo-f16.gguf");
    public static final Path EXPECTED = Path.of("demo-model", "expected.jsonl");

    public static final Path ADAPTERS = Path.of("demo-model", "adapters");
    /** Answers in brief. */
    public static final Path BRIEF = ADAPTERS.resolve("brief.gguf");

    public static final Path BRIEF_EXPECTED = ADAPTERS.resolve("brief.expected.jsonl");

    private DemoModel() {}

    public static LlamaLibrary library() {
        String home = System.getenv("LLAMA_HOME");
        return LlamaLibrary.load(LlamaLibrary.nativeDirectory(), home == null ? null : Path.of(home));
    }

    public static LlamaModel open() {
        return open(new Device.Cpu());
    }

    /** Its control tokens are user-defined text, as Qwen's {@code <think>} is. */
    public static LlamaModel openWithUserDefinedMarks(Path folder) throws IOException {
        GgufPatch patch = GgufPatch.of(FILE);
        try (LlamaModel model = open()) {
            Vocabulary vocabulary = model.vocabulary();
            for (String mark : vocabulary.controlTexts()) {
                patch.tokenType(vocabulary.control(mark).orElseThrow(), GgufPatch.USER_DEFINED);
            }
        }
        return LlamaModel.open(
                library(), patch.write(folder.resolve("marks.gguf")), new Device.Cpu(), LoadProgress.SILENT);
    }

    static LlamaModel open(Device device) {
        return open(device, 1);
    }

    static LlamaModel open(Device device, int slots) {
        return LlamaModel.open(library(), FILE, device, slots, LoadProgress.SILENT);
    }
}
