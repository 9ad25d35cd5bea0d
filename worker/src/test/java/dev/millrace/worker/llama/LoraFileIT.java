package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapter files that fit the demo model, and those that must not get as far as llama.cpp. */
class LoraFileIT {
    private static final int U32 = 4;
    private static final int Q8_0 = 8;
    private static final int BF16 = 30;
    /** Twice, as F16. */
    private static final int NOT_A_NUMBER = 0x7E007E00;

    private static final String FIRST = "blk.0.attn_q.weight.lora_a";
    private static final String LAST = "blk.3.ffn_down.weight.lora_b";
    /** The type of a text, its length and the text. */
    private static final String LORA = "\b\0\0\0\4\0\0\0\0\0\0\0lora";

    @TempDir
    private Path folder;

    @Test
    void tellsWhatIsInAnAdapter() throws IOException {
        assertThat(inspect(DemoModel.BRIEF)).isEqualTo(new LoraFile(8, 28, Files.size(DemoModel.BRIEF)));
    }

    @Test
    void refusesWhatIsNotWhole() throws IOException {
        byte[] whole = Files.readAllBytes(DemoModel.BRIEF);

        assertRefused(LlamaError.FILE_UNREADABLE, "No such file", folder.resolve("absent.gguf"));
        assertRefused(LlamaError.FILE_UNREADABLE, "not a file", folder);
        assertRefused(LlamaError.FILE_DAMAGED, "not a whole GGUF file", file(new byte[0]));
        assertRefused(LlamaError.FILE_DAMAGED, "not a whole GGUF file", file(Arrays.copyOf(whole, 300)));
        assertRefused(LlamaError.FILE_DAMAGED, "ends at byte", file(Arrays.copyOf(whole, whole.length - 100)));
        assertRefused(
                LlamaError.FILE_DAMAGED, LAST + " has values that are not numbers", patch().tail(64, NOT_A_NUMBER));
    }

    @Test
    void refusesWhatIsNoLora() throws IOException {
        assertUnsupported("its general.type is 'model', not 'adapter'", DemoModel.FILE);
        assertUnsupported("its adapter.type is 'lorX', not 'lora'", patch().text(LORA, LORA.replace("lora", "lorX")));
        assertUnsupported("its adapter.lora.alpha is no number", patch().keyType("adapter.lora.alpha", U32));
        assertUnsupported("is no part of a LoRA", patch().text(".lora_a", ".lora_c"));
        assertUnsupported("blk.9.attn_q.weight.lora_a is without its other half", patch().text(FIRST, "blk.9"));
    }

    @Test
    void refusesOtherTypesThanF16AndF32() throws IOException {
        assertUnsupported(
                LAST + " is q8_0, and an adapter is F16",
                patch().tensorSizes(LAST, 32, 32).tensorType(LAST, Q8_0));
        assertUnsupported(FIRST + " is bf16, and an adapter is F16", patch().tensorType(FIRST, BF16));
    }

    @Test
    void refusesAnAdapterOfAnotherModel() throws IOException {
        GgufPatch unknown = patch().text(FIRST, "blk.9").text(FIRST.replace("lora_a", "lora_b"), "blk.9");
        GgufPatch swapped = patch().text("blk.0.ffn_gate.weight.lora_a", "blk.0.ffn_xxxx")
                .text("blk.0.ffn_down.weight.lora_a", "blk.0.ffn_gate")
                .text("blk.0.ffn_xxxx.weight.lora_a", "blk.0.ffn_down");

        assertUnsupported("its general.architecture is 'qwenX', not 'qwen3'", patch().text("qwen3", "qwenX"));
        assertUnsupported("it changes blk.9.attn_q.weight, which the model has not", unknown);
        assertUnsupported("its shape for blk.0.ffn_down.weight is not the model's", swapped);
    }

    private static GgufPatch patch() throws IOException {
        return GgufPatch.of(DemoModel.BRIEF);
    }

    private Path file(byte[] content) throws IOException {
        return Files.write(folder.resolve("bad.gguf"), content);
    }

    private void assertRefused(LlamaError error, String why, GgufPatch patch) throws IOException {
        assertRefused(error, why, patch.write(folder.resolve("bad.gguf")));
    }

    private void assertUnsupported(String why, GgufPatch patch) throws IOException {
        assertRefused(LlamaError.MODEL_UNSUPPORTED, why, patch);
    }

    private void assertUnsupported(String why, Path file) {
        assertRefused(LlamaError.MODEL_UNSUPPORTED, why, file);
    }

    private void assertRefused(LlamaError error, String why, Path file) {
        LlamaException refusal = catchThrowableOfType(LlamaException.class, () -> inspect(file));

        assertThat(refusal.detail()).startsWith(file + ": ").contains(why);
        assertThat(refusal.error()).isEqualTo(error);
    }

    private static LoraFile inspect(Path file) {
        return LoraFile.inspect(DemoModel.library(), file, DemoModel.FILE);
    }
}
