package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    @Test
    void namesDevices() {
        assertThat(Device.parse("cpu")).isEqualTo(new Device.Cpu()).hasToString("cpu");
        assertThat(Device.parse("7")).isEqualTo(new Device.Gpu(7)).hasToString("7");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "CPU", "-1", "gpu", "0x1", "99999999999", "1 "})
    void refusesWhatNamesNoDevice(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> Device.parse(name));
    }

    @ParameterizedTest
    @ValueSource(floats = {-0.1f, Float.NaN, Float.POSITIVE_INFINITY})
    void refusesTemperature(float temperature) {
        assertThatIllegalArgumentException().isThrownBy(() -> new SamplerSettings(temperature, 1, 0, 0));
    }

    @ParameterizedTest
    @ValueSource(floats = {0, -1, 1.01f, Float.NaN})
    void refusesTopP(float topP) {
        assertThatIllegalArgumentException().isThrownBy(() -> new SamplerSettings(1, topP, 0, 0));
    }

    @Test
    void refusesNegativeTopK() {
        assertThatIllegalArgumentException().isThrownBy(() -> new SamplerSettings(1, 1, -1, 0));
    }

    @ParameterizedTest
    @ValueSource(floats = {-0.01f, 1.01f, Float.NaN})
    void refusesMinP(float minP) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SamplerSettings(1, 1, 0, minP, 0, Penalties.NONE, List.of(), 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, 21})
    void refusesLogprobs(int count) {
        assertThatIllegalArgumentException().isThrownBy(() -> SamplerSettings.GREEDY.withLogprobs(count));
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 0, 0", "NaN, 0, 0, 0", "Infinity, 0, 0, 0", "1, NaN, 0, 0", "1, 0, Infinity, 0", "1, 0, 0, -1"})
    void refusesPenalties(float repetition, float presence, float frequency, int ngramSize) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Penalties(repetition, presence, frequency, ngramSize));
    }

    @Test
    void refusesContextsThatCannotBe() {
        assertThatIllegalArgumentException().isThrownBy(() -> new ContextSettings(0, 1, 1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new ContextSettings(1, 255, 1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new ContextSettings(1, 1, 0, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new ContextSettings(1, 1, 1, 513));
    }

    @Test
    void ofCodeKnowsEveryError() {
        assertThat(IntStream.rangeClosed(1, LlamaError.values().length).mapToObj(LlamaError::ofCode))
                .containsExactly(LlamaError.values());
        assertThat(LlamaError.ofCode(99)).isEqualTo(LlamaError.INTERNAL);
    }
}
