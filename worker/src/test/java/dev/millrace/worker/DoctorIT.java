package dev.millrace.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.worker.WorkerProcess.Outcome;
import dev.millrace.worker.llama.DemoModel;
import dev.millrace.worker.llama.GgufPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code worker --doctor} says of a machine, in processes of their own. GPUs and driver are fakes: no test here has
 * run on a GPU.
 */
class DoctorIT {
    private static final int Q8_0 = 8;

    @TempDir
    private Path home;

    @TempDir
    private Path folder;

    private WorkerProcess worker;
    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void layPrebuiltLibraries() throws IOException {
        worker = new WorkerProcess(home);
    }

    @Test
    void tellsWhatACpuWouldUse() throws Exception {
        Outcome outcome = examine(DemoModel.FILE, "--devices=cpu");

        assertThat(outcome.exitStatus()).isZero();
        assertThat(outcome.standardOutput())
                .containsPattern("cpu +\\S*libggml-cpu-\\w+\\.so, memory \\d+ MiB free of \\d+")
                .containsPattern("cuda +none")
                .containsPattern("gpus +none")
                .containsPattern(
                        "model +\\S+millrace-demo-f16.gguf, qwen3, tensors f16=\\d+, f32=\\d+ \\(not quantised\\)")
                .contains("context of 4096 tokens")
                .containsPattern("device cpu 36864 tokens of context \\(a context for each slot; \\d+ fit: ")
                .doesNotContain("problem");
    }

    @Test
    void tellsWhatAGpuWouldUse() throws Exception {
        giveGpus(2, 20_000);

        Outcome outcome = examine(DemoModel.FILE, "--devices=1", "--kv-cells=5000");

        assertThat(outcome.exitStatus()).isZero();
        assertThat(outcome.standardOutput())
                .containsPattern("cuda +\\S*libggml-cuda.so, loaded, for CUDA 13.1")
                .containsPattern("driver +.*supports CUDA 13.0")
                .containsPattern("gpu 0 +Fake GPU, memory 20000 MiB free of 24576")
                .containsPattern("gpu 1 +Fake GPU")
                .containsPattern("device 1 +5000 tokens of context \\(kv-cells; \\d+ fit: 20000 MiB free");
    }

    @Test
    void fillsAGpuThatHasLittleMemory() throws Exception {
        giveGpus(1, 1280 + 2 + 4);

        Outcome outcome = examine(DemoModel.FILE, "--devices=0");

        // 4 MiB and what the file is short of 3 MiB, at 2 KiB a token
        assertThat(outcome.standardOutput()).containsPattern("device 0 +18\\d\\d tokens of context \\(all that fits;");
    }

    @Test
    void saysThatThereIsNoCudaLibrary() throws Exception {
        assertProblem(11, "there is no libggml-cuda.so", DemoModel.FILE, "--devices=0");
    }

    @Test
    void saysWhyTheCudaLibraryDoesNotLoad() throws Exception {
        worker.cudaLibrary("");
        assertProblem(11, "libggml-cuda.so: file too short", DemoModel.FILE, "--devices=0");

        worker.cudaLibrary("no library".repeat(100));
        assertProblem(11, "libggml-cuda.so: invalid ELF header", DemoModel.FILE, "--devices=0");
    }

    @Test
    void namesALibraryThatTheCudaLibraryMisses() throws Exception {
        worker.compile("FakeDriver.cpp", "libcudart.so.99", "-Wl,-soname,libcudart.so.99");
        worker.compile(
                "FakeCuda.cpp",
                "libggml-cuda.so",
                "-Wl,--no-as-needed",
                home.resolve("libcudart.so.99").toString());
        Files.delete(home.resolve("libcudart.so.99"));

        assertProblem(11, "libcudart.so.99: cannot open shared object file", DemoModel.FILE, "--devices=0");
    }

    @Test
    void saysThatACudaLibraryIsNone() throws Exception {
        worker.compile("FakeDriver.cpp", "libggml-cuda.so");

        assertProblem(11, "failed to find ggml_backend_init", DemoModel.FILE, "--devices=0");
    }

    @Test
    void leavesABrokenCudaLibraryAloneWhereNoGpuIsAskedFor() throws Exception {
        worker.cudaLibrary("");

        Outcome outcome = examine(DemoModel.FILE, "--devices=cpu");

        assertThat(outcome.exitStatus()).isZero();
        assertThat(outcome.standardOutput()).containsPattern("cuda +\\S+, does not load; .*file too short");
    }

    @Test
    void saysThatTheDriverIsTooOld() throws Exception {
        giveGpus(0, 0);
        environment.put("FAKE_DRIVER", "12040");

        assertProblem(12, "it supports CUDA 12.4, and ", DemoModel.FILE, "--devices=0");
    }

    @Test
    void saysThatThereIsNoSuchGpu() throws Exception {
        giveGpus(2, 20_000);
        assertProblem(13, "GPU 2 was asked for, and there are 2", DemoModel.FILE, "--devices=2");

        giveGpus(0, 0);
        assertProblem(13, "the CUDA library finds none", DemoModel.FILE, "--devices=0");
    }

    @Test
    void saysThatMemoryDoesNotSuffice() throws Exception {
        giveGpus(1, 1500);

        assertProblem(14, "device 0 needs room for 400000 tokens", DemoModel.FILE, "--devices=0", "--kv-cells=400000");

        giveGpus(1, 500);
        assertProblem(14, "needs room for 512 tokens, but 0 fit: 500 MiB free", DemoModel.FILE, "--devices=0");
    }

    @Test
    void tellsBadModelFilesApart() throws Exception {
        byte[] whole = Files.readAllBytes(DemoModel.FILE);
        Path cut = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(whole, whole.length / 2));
        Path unknown = GgufPatch.of(DemoModel.FILE).text("qwen3", "qwenX").write(folder.resolve("unknown.gguf"));

        assertProblem(15, "absent.gguf: No such file", folder.resolve("absent.gguf"));
        assertProblem(16, "cut.gguf: the file ends at byte", cut);
        assertProblem(17, "unknown model architecture: 'qwenX'", unknown);
        assertProblem(18, "q8_0=1", quantized());
    }

    @Test
    void takesOtherWeightsWhenToldSo() throws Exception {
        Outcome outcome = examine(quantized(), "--allow-quantized");

        assertThat(outcome.exitStatus()).isZero();
        assertThat(outcome.standardOutput()).contains("(quantised)");
    }

    @Test
    void saysThatThereIsNoLlama() throws Exception {
        Files.delete(home.resolve("libllama.v0.5.0.so"));

        assertProblem(10, "no llama.cpp library (libllama) in " + home, DemoModel.FILE);
    }

    @Test
    void goesOnAfterTheFirstProblem() throws Exception {
        Outcome outcome = examine(quantized(), "--devices=0");

        assertThat(outcome.exitStatus()).isEqualTo(18);
        assertThat(outcome.standardOutput()).contains("(exit status 18)", "(exit status 11)");
    }

    /** The doctor and an ordinary start end with the same line and the same status. */
    private void assertProblem(int exitStatus, String said, Path model, String... arguments) throws Exception {
        Outcome doctor = examine(model, arguments);
        Outcome start = run(model, "--kafka-bootstrap=127.0.0.1:1", arguments);

        assertThat(doctor.standardOutput()).contains("problem ", said, "(exit status " + exitStatus + ")");
        assertThat(doctor.exitStatus()).isEqualTo(exitStatus);
        assertThat(start.exitStatus()).isEqualTo(exitStatus);
        assertThat(lastLine(start)).startsWith("worker: ").contains(said).isEqualTo(lastLine(doctor));
        assertThat(start.standardError()).doesNotContain("\tat ");
    }

    private static String lastLine(Outcome outcome) {
        return outcome.standardError().lines().reduce((before, last) -> last).orElseThrow();
    }

    private Outcome examine(Path model, String... arguments) throws Exception {
        return run(model, "--doctor", arguments);
    }

    private Outcome run(Path model, String first, String... others) throws Exception {
        String[] arguments = Arrays.copyOf(others, others.length + 2);
        arguments[others.length] = first;
        arguments[others.length + 1] = "--model=" + model;
        return worker.run(environment, (Object[]) arguments);
    }

    private void giveGpus(int gpus, int freeMib) throws Exception {
        worker.compile("FakeCuda.cpp", "libggml-cuda.so");
        worker.compile("FakeDriver.cpp", "libcuda.so.1");
        environment.put("FAKE_GPUS", Integer.toString(gpus));
        environment.put("FAKE_FREE_MIB", Integer.toString(freeMib));
        environment.put("FAKE_DRIVER", "13000");
    }

    private Path quantized() throws IOException {
        return GgufPatch.of(DemoModel.FILE)
                .tensorType("output_norm.weight", Q8_0)
                .write(folder.resolve("quantised.gguf"));
    }
}
