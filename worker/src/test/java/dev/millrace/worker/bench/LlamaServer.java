package dev.millrace.worker.bench;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * llama.cpp's own server, asked over HTTP for a stream for each completion. It takes the tokens of a prompt as they are,
 * and with each load prompts that it has not seen.
 */
final class LlamaServer implements Peer {
    private static final long POLL_MS = 20;
    private static final int POLLS = 3000;
    private static final String EVENT = "data: ";

    private final Process process;
    private final URI address;

    private LlamaServer(Process process, URI address) {
        this.process = process;
        this.address = address;
    }

    /** Starts one and waits until it is ready. */
    static LlamaServer start(Path program, Setting setting, boolean sampleOnDevice)
            throws IOException, InterruptedException {
        int port = freePort();
        List<String> command = new ArrayList<>(List.of(
                program.toString(),
                "--model",
                setting.model().toString(),
                "--host",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--threads",
                Integer.toString(setting.threads()),
                "--parallel",
                Integer.toString(setting.sequences()),
                "--ctx-size",
                Integer.toString(setting.kvCells()),
                "--fit",
                "off",
                "--cache-ram",
                "0",
                "--log-disable"));
        if (setting.onGpu()) {
            command.addAll(List.of("--device", "CUDA" + setting.device(), "--n-gpu-layers", "999"));
        }
        if (sampleOnDevice) {
            command.add("--backend-sampling");
        }
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        LlamaServer server = new LlamaServer(process, URI.create("http://127.0.0.1:" + port));
        try {
            server.awaitReady();
        } catch (IOException | InterruptedException e) {
            server.close();
            throw e;
        }
        return server;
    }

    URI address() {
        return address;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** One for each load, so that none uses a connection that the server is closing meanwhile. */
    private static HttpClient client() {
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    private void awaitReady() throws IOException, InterruptedException {
        HttpRequest health = HttpRequest.newBuilder(address.resolve("/health")).build();
        HttpClient http = client();
        for (int poll = 0; poll < POLLS && process.isAlive(); poll++) {
            try {
                if (http.send(health, BodyHandlers.discarding()).statusCode() == 200) {
                    return;
                }
            } catch (ConnectException e) {
                // it does not listen yet
            }
            Thread.sleep(POLL_MS);
        }
        throw new IOException("llama-server did not become ready");
    }

    @Override
    public Measurement generate(Load load) {
        HttpClient http = client();
        long begin = System.nanoTime();
        List<CompletableFuture<Integer>> answers = load.prompts().stream()
                .map(prompt -> http.sendAsync(request(load, prompt), BodyHandlers.ofLines())
                        .thenApply(LlamaServer::read))
                .toList();
        int tokens = answers.stream().mapToInt(CompletableFuture::join).sum();
        long nanos = System.nanoTime() - begin;
        if (tokens != load.tokens() * load.prompts().size()) {
            throw new IllegalStateException("llama-server generated " + tokens + " tokens");
        }
        return new Measurement(0, nanos, List.of());
    }

    /** Samplers stand in the server's own order, and it gets none that have nothing to do. */
    private HttpRequest request(Load load, int[] prompt) {
        JsonObject body = new JsonObject()
                .put("prompt", new JsonArray(Arrays.stream(prompt).boxed().toList()))
                .put("n_predict", load.tokens())
                .put("stream", true)
                .put("ignore_eos", true)
                .put("cache_prompt", false);
        if (load.sampling() == Sampling.SAMPLED) {
            body.put("samplers", JsonArray.of("penalties", "top_k", "top_p", "temperature"))
                    .put("temperature", Load.TEMPERATURE)
                    .put("top_k", Load.TOP_K)
                    .put("top_p", Load.TOP_P)
                    .put("repeat_penalty", Load.REPETITION_PENALTY)
                    .put("repeat_last_n", prompt.length + load.tokens());
        } else {
            body.put("samplers", JsonArray.of("temperature")).put("temperature", 0);
        }
        return HttpRequest.newBuilder(address.resolve("/completion"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.encode()))
                .build();
    }

    /** Reads a stream to its end and returns how many tokens were generated, which the last event says. */
    private static int read(HttpResponse<Stream<String>> response) {
        String last = response.body()
                .filter(line -> !line.isBlank())
                .reduce((earlier, later) -> later)
                .orElse("");
        if (!last.startsWith(EVENT)) {
            throw new IllegalStateException("llama-server answered " + response.statusCode() + " " + last);
        }
        return new JsonObject(last.substring(EVENT.length())).getInteger("tokens_predicted", 0);
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
