package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.worker.llama.Hardware.Cuda;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HardwareTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 07:05:23 UTC 2025\nGCC version: 12.2",
                "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs-builder@U22)",
            })
    void findsTheDriverInWhatTheKernelSays(String kernelSays) {
        assertThat(HardwareReader.driverVersion(kernelSays)).isEqualTo("580.65.06");
    }

    @Test
    void findsNoDriverWhereTheKernelTellsNone() {
        assertThat(HardwareReader.driverVersion("")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"12040, 13000, true", "13000, 13010, false", "13010, 13000, false", "0, 13000, false", "12040, 0, false"
    })
    void aDriverIsTooOldByItsGenerationOfCuda(int supports, int needs, boolean tooOld) {
        assertThat(new Cuda("libggml-cuda.so", true, "", supports, needs).driverTooOld())
                .isEqualTo(tooOld);
    }

    @Test
    void writesVersionsAsPeopleDo() {
        assertThat(Cuda.version(13010)).isEqualTo("13.1");
    }
}
