package dev.millrace.worker.bench;

import dev.millrace.worker.bench.ChatClient.Answer;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.LoadProgress;
import dev.millrace.worker.llama.Vocabulary;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * {@code make bench-end-to-end}: the same chat completions through Millrace and straight into llama-server, by turns, at
 * several numbers of clients. Prints the ratios and writes the report. Run in the worker's directory.
 */
final class EndToEndBenchmark {
    static final String MILLRACE = "millrace";
    static final String SERVER = "llama-server";

    /**
     * For both peers together, and a round at least: Java compiles meanwhile what runs often. Servers run for days; two slow
     * cores were at half their later speed after ten seconds.
     */
    private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(60);

    private static final int WARM_UP_ROUND = -1;
    /** Of a prompt with its template, in any of the models. */
    private static final int MOST_PROMPT_TOKENS = 96;

    private static final double NANOS_PER_SECOND = 1e9;

    /** Both peers, each as often as it takes a second. */
    @FunctionalInterface
    private interface Round {
        List<EndToEndSample> run(int number) throws Exception;
    }

    private final Parameters parameters;
    private final List<EndToEndSample> samples = new ArrayList<>();
    private int questions;

    private EndToEndBenchmark(Parameters parameters) {
        this.parameters = parameters;
    }

    public static void main(String[] arguments) throws Exception {
        Parameters parameters = Parameters.from(System.getenv());
        EndToEndBenchmark benchmark = new EndToEndBenchmark(parameters);
        LlamaLibrary library = EngineProcess.library();
        for (String model : parameters.models()) {
            benchmark.measure(library, model);
        }
        new EndToEndReport(parameters, library, benchmark.samples).write();
        EndToEndRatio.of(benchmark.samples).forEach(ratio -> System.out.println(ratio.line()));
        System.exit(0);
    }

    private void measure(LlamaLibrary library, String model) throws Exception {
        Path file = EngineBenchmark.file(model).toAbsolutePath();
        JsonObject noEnd = noEnd(library, file);
        Path program = Objects.requireNonNull(parameters.llamaServer(), "LLAMA_SERVER is not set");
        for (int clients : parameters.sequences()) {
            int cells = Math.max(Load.STEP_ROWS, clients * (MOST_PROMPT_TOKENS + parameters.tokens()));
            Setting setting = new Setting(file, parameters.device(), cells, clients, parameters.threads());
            try (MillraceStack millrace = MillraceStack.start(setting);
                    LlamaServer server = LlamaServer.start(program, setting, false)) {
                Round round = number -> {
                    boolean even = number % 2 == 0;
                    List<EndToEndSample> both = new ArrayList<>();
                    for (String peer : even ? List.of(MILLRACE, SERVER) : List.of(SERVER, MILLRACE)) {
                        URI address = peer.equals(MILLRACE) ? millrace.address() : server.address();
                        both.add(waves(EngineBenchmark.name(model), peer, address, clients, number, noEnd));
                    }
                    return both;
                };
                warmUp(round);
                for (int number = 0; number < parameters.rounds(); number++) {
                    samples.addAll(round.run(number));
                }
            }
        }
    }

    private static void warmUp(Round round) throws Exception {
        long beganNanos = System.nanoTime();
        do {
            round.run(WARM_UP_ROUND);
        } while (System.nanoTime() - beganNanos < WARM_UP_NANOS);
    }

    /** A bias that keeps a completion from ending before its limit, by token id. */
    private static JsonObject noEnd(LlamaLibrary library, Path file) {
        JsonObject biases = new JsonObject();
        try (LlamaModel model =
                LlamaModel.open(library, file, new Device.Cpu(), Integer.MAX_VALUE, LoadProgress.SILENT)) {
            Vocabulary vocabulary = model.vocabulary();
            for (int token = 0; token < vocabulary.size(); token++) {
                if (vocabulary.isEndOfGeneration(token)) {
                    biases.put(Integer.toString(token), -100);
                }
            }
        }
        return biases;
    }

    /** All clients ask at once, again and again until the time is over, each time something new. */
    private EndToEndSample waves(String model, String peer, URI address, int clients, int round, JsonObject noEnd)
            throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        List<Long> firstNanos = new ArrayList<>();
        long promptTokens = 0;
        long tokens = 0;
        long nanos = 0;
        do {
            List<JsonObject> bodies = new ArrayList<>();
            for (int client = 0; client < clients; client++) {
                bodies.add(body(questions++, noEnd));
            }
            long beganNanos = System.nanoTime();
            List<Future<Answer>> asked = bodies.stream()
                    .map(body -> threads.submit(() -> ChatClient.ask(address, body)))
                    .toList();
            for (Future<Answer> each : asked) {
                Answer answer = answer(peer, each);
                firstNanos.add(answer.firstNanos());
                promptTokens += answer.promptTokens();
                tokens += answer.tokens();
            }
            nanos += System.nanoTime() - beganNanos;
        } while (nanos < parameters.leastNanos());
        threads.shutdown();
        return new EndToEndSample(
                model,
                clients,
                round,
                peer,
                tokens * NANOS_PER_SECOND / nanos,
                EndToEndSample.medianMs(firstNanos),
                (double) promptTokens / firstNanos.size());
    }

    private Answer answer(String peer, Future<Answer> asked) throws IOException, InterruptedException {
        try {
            Answer answer = asked.get();
            if (answer.tokens() != parameters.tokens()) {
                throw new IOException(peer + " generated " + answer.tokens() + " tokens, not " + parameters.tokens());
            }
            return answer;
        } catch (ExecutionException e) {
            throw new IOException(peer + " failed: " + e.getCause(), e);
        }
    }

    private JsonObject body(int question, JsonObject noEnd) {
        String text = String.format("%05d is a number: what do you know about it?", question);
        return new JsonObject()
                .put(
                        "messages",
                        JsonArray.of(new JsonObject().put("role", "user").put("content", text)))
                .put("stream", true)
                .put("stream_options", new JsonObject().put("include_usage", true))
                .put("temperature", 0)
                .put("max_tokens", parameters.tokens())
                .put("logit_bias", noEnd);
    }
}
