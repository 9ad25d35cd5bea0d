package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileIT {
    private static final int Q8_0 = 8;

    private final LlamaLibrary library = DemoModel.library();

    @TempDir
    private Path folder;

    @Test
    void tellsWhatIsInAFile() throws IOException {
        GgufFile file = GgufFile.inspect(library, DemoModel.FILE);

        assertThat(file.architecture()).isEqualTo("qwen3");
        assertThat(file.contextTokens()).isEqualTo(4096);
        assertThat(file.bytes()).isEqualTo(Files.size(DemoModel.FILE));
        assertThat(file.tensorTypes().values().stream().mapToInt(i -> i).sum()).isEqualTo(file.tensors());
        assertThat(file.quantizedTypes()).isEmpty();
        assertThat(file.isF16()).isTrue();
    }

    @Test
    void findsOneQuantisedTensorAmongMany() throws IOException {
        Path file = GgufPatch.of(DemoModel.FILE)
                .tensorType("output_norm.weight", Q8_0)
                .write(folder.resolve("quantised.gguf"));

        GgufFile inspected = GgufFile.inspect(library, file);

        assertThat(inspected.quantizedTypes()).containsExactly("q8_0");
        assertThat(inspected.isF16()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.000001, 0.00001, 0.001, 0.01, 0.02, 0.1, 0.5, 0.9, 0.9999})
    void refusesAFileThatIsCutOff(double part) throws IOException {
        byte[] whole = Files.readAllBytes(DemoModel.FILE);
        Path file = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(whole, (int) (whole.length * part)));

        assertThat(inspectError(file)).isEqualTo(LlamaError.FILE_DAMAGED);
        assertThat(openError(file)).isEqualTo(LlamaError.FILE_DAMAGED);
    }

    @Test
    void refusesWhatIsNotGguf() throws IOException {
        Path file = GgufPatch.of(DemoModel.FILE).at(0, 'X').write(folder.resolve("magic.gguf"));

        assertThat(openError(file)).isEqualTo(LlamaError.FILE_DAMAGED);
    }

    @Test
    void refusesAModelThatLlamaDoesNotKnow() throws IOException {
        Path file = GgufPatch.of(DemoModel.FILE).text("qwen3", "qwenX").write(folder.resolve("unknown.gguf"));

        assertThat(openError(file)).isEqualTo(LlamaError.MODEL_UNSUPPORTED);
    }

    @Test
    void refusesWhatCannotBeRead() {
        assertThat(inspectError(folder.resolve("absent.gguf"))).isEqualTo(LlamaError.FILE_UNREADABLE);
        assertThat(inspectError(folder)).isEqualTo(LlamaError.FILE_UNREADABLE);
        assertThat(openError(folder.resolve("absent.gguf"))).isEqualTo(LlamaError.FILE_UNREADABLE);
    }

    @Test
    void saysWhatLlamaSaidAboutIt() throws IOException {
        Path file = GgufPatch.of(DemoModel.FILE).text("qwen3", "qwenX").write(folder.resolve("unknown.gguf"));

        LlamaException thrown = catchThrowableOfType(LlamaException.class, () -> open(file));

        assertThat(thrown)
                .hasMessageContaining("unknown.gguf")
                .hasMessageContaining("unknown model architecture: 'qwenX'");
    }

    @Test
    void stopsLoadingWhenAsked() {
        LlamaException thrown = catchThrowableOfType(
                LlamaException.class,
                () -> LlamaModel.open(library, DemoModel.FILE, new Device.Cpu(), fraction -> false));

        assertThat(thrown.error()).isEqualTo(LlamaError.LOAD_ABORTED);
    }

    @Test
    void passesOnWhatTheListenerThrows() {
        IllegalStateException thrown = catchThrowableOfType(
                IllegalStateException.class,
                () -> LlamaModel.open(library, DemoModel.FILE, new Device.Cpu(), fraction -> {
                    throw new IllegalStateException("enough");
                }));

        assertThat(thrown).hasMessage("enough");
    }

    @Test
    void showsProgressUpToTheEnd() {
        float[] last = {-1};

        LlamaModel.open(library, DemoModel.FILE, new Device.Cpu(), fraction -> {
                    assertThat(fraction).isGreaterThanOrEqualTo(last[0]);
                    last[0] = fraction;
                    return true;
                })
                .close();

        assertThat(last[0]).isEqualTo(1);
    }

    @Test
    void saysWhyThereIsNoGpu() {
        LlamaException thrown = catchThrowableOfType(LlamaException.class, () -> DemoModel.open(new Device.Gpu(1000)));

        assertThat(thrown.error()).isEqualTo(LlamaError.DEVICE_UNAVAILABLE);
        assertThat(thrown).hasMessageContaining("no GPU 1000");
    }

    private LlamaError inspectError(Path file) {
        return catchThrowableOfType(LlamaException.class, () -> GgufFile.inspect(library, file))
                .error();
    }

    private LlamaError openError(Path file) {
        return catchThrowableOfType(LlamaException.class, () -> open(file)).error();
    }

    private void open(Path file) {
        LlamaModel.open(library, file, new Device.Cpu(), LoadProgress.SILENT).close();
    }
}
