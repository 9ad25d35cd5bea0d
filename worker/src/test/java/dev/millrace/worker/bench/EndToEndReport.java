package dev.millrace.worker.bench;

import dev.millrace.worker.llama.LlamaLibrary;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What came out, as {@code end-to-end.md} and {@code end-to-end.json}. */
record EndToEndReport(Parameters parameters, LlamaLibrary library, List<EndToEndSample> samples) {
    void write() throws IOException {
        Path folder = Files.createDirectories(parameters.reports());
        Files.writeString(folder.resolve("end-to-end.json"), json().encodePrettily() + "\n");
        Files.writeString(folder.resolve("end-to-end.md"), markdown());
    }

    private JsonObject json() throws IOException {
        return new JsonObject()
                .put("date", LocalDate.now(ZoneOffset.UTC).toString())
                .put("processor", Report.processor())
                .put("cores", Runtime.getRuntime().availableProcessors())
                .put("threads", parameters.threads())
                .put("llamaCpp", library.version())
                .put("tokens", parameters.tokens())
                .put(
                        "samples",
                        new JsonArray(samples.stream().map(EndToEndSample::json).toList()));
    }

    private String markdown() throws IOException {
        return String.format(
                Locale.ROOT,
                """
                # Through Millrace and straight into llama-server

                Written by `make bench-end-to-end` on %s: %s, %d cores, %d threads for each peer's engine; llama.cpp %s; \
                %d rounds, medians; %d new tokens an answer, greedily. The raw numbers are in \
                [end-to-end.json](end-to-end.json); where the time goes is in \
                [end-to-end-profile.md](end-to-end-profile.md).

                The same client sends the same streaming requests to `/v1/chat/completions` of both: all clients at once, \
                each over a new connection and with a prompt that neither has seen, again and again for a second at least. \
                The ends of turns are ruled out by `logit_bias`, so that every answer has all its tokens. Millrace is \
                broker, worker and gateway in one process, as `make run` starts them. Both peers are started anew for each \
                number of clients, with as many slots of the same length, warm up for a minute, and take turns, every other round \
                backwards. \
                The clients share the cores with both.

                | model | clients | throughput over llama-server's | first text later by, ms |
                |---|---:|---:|---:|
                %s
                ## Medians

                | model | clients | peer | tokens/s | first text, ms | prompt tokens |
                |---|---:|---|---:|---:|---:|
                %s""",
                LocalDate.now(ZoneOffset.UTC),
                Report.processor(),
                Runtime.getRuntime().availableProcessors(),
                parameters.threads(),
                library.version(),
                parameters.rounds(),
                parameters.tokens(),
                EndToEndRatio.of(samples).stream().map(EndToEndRatio::row).collect(Collectors.joining()),
                medians());
    }

    private record Measured(String model, int clients, String peer) {}

    private String medians() {
        Map<Measured, List<EndToEndSample>> groups = samples.stream()
                .collect(Collectors.groupingBy(
                        sample -> new Measured(sample.model(), sample.clients(), sample.peer()),
                        LinkedHashMap::new,
                        Collectors.toList()));
        StringBuilder rows = new StringBuilder();
        groups.forEach((of, group) -> rows.append(String.format(
                Locale.ROOT,
                "| %s | %d | `%s` | %.1f | %.1f | %.1f |%n",
                of.model(),
                of.clients(),
                of.peer(),
                median(group.stream().map(EndToEndSample::tokensPerSecond)),
                median(group.stream().map(EndToEndSample::firstTokenMs)),
                median(group.stream().map(EndToEndSample::promptTokens)))));
        return rows.toString();
    }

    private static double median(Stream<Double> values) {
        return Ratio.median(values.mapToDouble(Double::doubleValue).sorted().toArray());
    }
}
