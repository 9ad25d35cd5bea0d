package dev.millrace.compose.containers;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The containers' health check, run as Docker runs it. */
class ReadyScriptTest {

    private static final String READY = Path.of("docker/ready").toAbsolutePath().toString();

    private HttpServer operations;

    @BeforeEach
    void listen() throws IOException {
        operations =
                HttpServer.create(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), 0);
        operations.start();
    }

    @AfterEach
    void stop() {
        operations.stop(0);
    }

    private void answer(int status, String text) {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        operations.createContext("/readyz", exchange -> {
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
    }

    private record Checked(int status, String said) {}

    private Checked check() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(READY).redirectErrorStream(true);
        builder.environment()
                .put("OPERATIONS_PORT", String.valueOf(operations.getAddress().getPort()));
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        return new Checked(process.exitValue(), said);
    }

    @Test
    void aReadyProcessIsHealthy() throws Exception {
        answer(200, "ok\n");

        assertThat(check().status()).isZero();
    }

    @Test
    void aProcessThatIsNotReadyIsNotAndSaysWhy() throws Exception {
        answer(503, "engine: starting: 200 of 400 tensors\n");

        Checked checked = check();

        assertThat(checked.status()).isNotZero();
        assertThat(checked.said()).contains("engine: starting: 200 of 400 tensors");
    }

    @Test
    void nobodyThereIsNotHealthy() throws Exception {
        operations.stop(0);

        assertThat(check().status()).isNotZero();
    }
}
