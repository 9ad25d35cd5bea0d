package dev.millrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.millrace.process.Settings;
import dev.millrace.worker.llama.Device;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerConfigTest {
    @Test
    void takesSeveralDevices() {
        assertThat(devices("0, 2")).containsExactly(new Device.Gpu(0), new Device.Gpu(2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0,0", "cpu,cpu", "1,0,01"})
    void refusesADeviceThatIsNamedTwice(String devices) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> devices(devices))
                .withMessage("devices names one twice: " + devices);
    }

    private static List<Device> devices(String devices) {
        return WorkerConfig.from(new Settings(List.of("--model=model.gguf", "--devices=" + devices), Map.of()))
                .devices();
    }
}
