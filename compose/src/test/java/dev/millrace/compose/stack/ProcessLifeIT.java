package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.gateway.GatewayMain;
import dev.millrace.worker.WorkerMain;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a worker and a gateway say, and end with, when the operator must act. */
class ProcessLifeIT {

    private static final int BAD_CONFIGURATION = 2;
    private static final int NO_MODEL_FILE = 15;
    private static final int SIGTERM = 128 + 15;

    @ParameterizedTest
    @ValueSource(classes = {WorkerMain.class, GatewayMain.class})
    void allWrongSettingsAreSaidAtOnce(Class<?> main) throws Exception {
        try (JavaProcess process = JavaProcess.start(main, Map.of(), "--partitions=none", "--no-such-setting=1")) {
            assertThat(process.exitStatus()).isEqualTo(BAD_CONFIGURATION);

            assertThat(process.standardError())
                    .contains("partitions must be a whole number", "--no-such-setting is no option")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void aMissingModelIsSaidInOneLine() throws Exception {
        try (JavaProcess process = JavaProcess.start(WorkerMain.class, Map.of(), "--model=no-such-model.gguf")) {
            assertThat(process.exitStatus()).isEqualTo(NO_MODEL_FILE);

            assertThat(process.standardError())
                    .contains("worker: the model file cannot be read: no-such-model.gguf")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void aTakenPortIsSaidInOneLine() throws Exception {
        Installation installation = Installation.create(ProcessLifeIT.class);
        try (JavaProcess first = startGateway(installation, 0)) {
            Awaitility.await().until(() -> first.standardError().contains("Ready: "));
            String port = first.standardError().replaceAll("(?s).*Ready: http://127\\.0\\.0\\.1:(\\d+).*", "$1");

            try (JavaProcess second = startGateway(installation, Integer.parseInt(port))) {
                assertThat(second.exitStatus()).isEqualTo(BAD_CONFIGURATION);
                assertThat(second.standardError())
                        .contains("gateway: The gateway cannot listen on 127.0.0.1:" + port + ": the port is taken")
                        .doesNotContain("\tat ");
            }
            assertThat(first.terminate()).isEqualTo(SIGTERM);
        }
    }

    private static JavaProcess startGateway(Installation installation, int port) throws Exception {
        return JavaProcess.start(
                GatewayMain.class,
                Map.of(),
                "--kafka-bootstrap=" + installation.bootstrap(),
                "--topic-prefix=" + installation.topics().prefix(),
                "--http-port=" + port);
    }
}
