package dev.millrace.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.process.Settings;
import dev.millrace.worker.llama.DemoModel;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the doctor says where there is a GPU. Run as {@link dev.millrace.worker.llama.GpuIT} is, and with it. */
@Tag("gpu")
class GpuDoctorIT {
    @Test
    void findsGpuDriverAndMemory() {
        WorkerConfig config =
                WorkerConfig.from(new Settings(List.of("--model=" + DemoModel.FILE, "--devices=0"), System.getenv()));
        ByteArrayOutputStream said = new ByteArrayOutputStream();

        assertThat(Doctor.examine(config, new PrintStream(said, true, StandardCharsets.UTF_8)))
                .isEmpty();

        assertThat(said.toString(StandardCharsets.UTF_8))
                .containsPattern("cuda +\\S*libggml-cuda.so, loaded, for CUDA \\d+\\.\\d")
                .containsPattern("driver +\\d+\\.\\S+, supports CUDA \\d+\\.\\d")
                .containsPattern("gpu 0 +\\S.*, memory [1-9]\\d* MiB free of [1-9]\\d*")
                .containsPattern("device 0 +16384 tokens of context \\(the default for this model; [1-9]\\d* fit: ");
    }
}
