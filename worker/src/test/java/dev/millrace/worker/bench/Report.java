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

/** What came out, as {@code engine.md}, {@code engine.svg} and {@code engine.json}. */
record Report(Parameters parameters, LlamaLibrary library, List<Sample> samples, List<Ratio> ratios) {
    void write() throws IOException {
        Path folder = Files.createDirectories(parameters.reports());
        Files.writeString(folder.resolve("engine.json"), json().encodePrettily() + "\n");
        Files.writeString(folder.resolve("engine.svg"), Plot.of(ratios));
        Files.writeString(folder.resolve("engine.md"), markdown());
    }

    JsonObject json() throws IOException {
        return new JsonObject()
                .put("date", LocalDate.now(ZoneOffset.UTC).toString())
                .put("processor", processor())
                .put("cores", Runtime.getRuntime().availableProcessors())
                .put("threads", parameters.threads())
                .put("llamaCpp", library.version())
                .put("promptTokens", Load.PROMPT_TOKENS)
                .put("tokens", parameters.tokens())
                .put("samples", new JsonArray(samples.stream().map(Sample::json).toList()));
    }

    static String processor() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.replaceFirst(".*: *", ""))
                    .findFirst()
                    .orElse("unknown");
        }
    }

    private String markdown() throws IOException {
        return String.format(
                Locale.ROOT,
                """
                # The engine against its limit and its peer

                Written by `make bench-engine` on %s: %s, %d cores, %d threads for each peer; llama.cpp %s; %d rounds, \
                prompts of %d random tokens, %d new tokens each. The raw numbers are in [engine.json](engine.json); where \
                the time goes is in [engine-profile.md](engine-profile.md).

                - `bare`: a C++ loop of `llama_decode` and an argmax, on the same library with the same batches. It is the \
                limit. Decode only.
                - `llama-server`: llama.cpp's own server, streaming over HTTP. From the prompts to the last token.
                - `greedy`: the engine itself without sampling. Decode only. Sampled is temperature %s, top_p %s, top_k %d, \
                repetition_penalty %s.
                - `sampled`: the engine itself without a mask. Decode only. Masked is sampled with `language` `%s`, which \
                rules out two fifths of the tokens of `generated`, all over its vocabulary.

                Each peer is a process of its own. They take turns within a round, every other round backwards. `-inexact` \
                is the engine with the setting `inexact`, which makes a difference to one sequence.

                ![Ratios by number of sequences](engine.svg)

                ## The engine's speed over the peer's

                | peer | model | sampling | sequences | median | min | max |
                |---|---|---|---:|---:|---:|---:|
                %s
                ## Tokens per second, medians

                | model | sequences | peer | sampling | decode | end to end |
                |---|---:|---|---|---:|---:|
                %s""",
                LocalDate.now(ZoneOffset.UTC),
                processor(),
                Runtime.getRuntime().availableProcessors(),
                parameters.threads(),
                library.version(),
                parameters.rounds(),
                Load.PROMPT_TOKENS,
                parameters.tokens(),
                Load.TEMPERATURE,
                Load.TOP_P,
                Load.TOP_K,
                Load.REPETITION_PENALTY,
                Sampling.LANGUAGE.name().toLowerCase(Locale.ROOT),
                ratios.stream().map(Report::row).collect(Collectors.joining()),
                speeds(samples));
    }

    static String row(Ratio ratio) {
        return String.format(
                Locale.ROOT,
                "| `%s` | %s | %s | %d | %.3f | %.3f | %.3f |%n",
                ratio.peer(),
                ratio.model(),
                ratio.sampling(),
                ratio.sequences(),
                ratio.median(),
                ratio.min(),
                ratio.max());
    }

    private record Measured(String model, int sequences, String peer, Sampling sampling) {}

    static String speeds(List<Sample> samples) {
        StringBuilder rows = new StringBuilder();
        Map<Measured, List<Sample>> groups = samples.stream()
                .collect(Collectors.groupingBy(
                        sample -> new Measured(sample.model(), sample.sequences(), sample.peer(), sample.sampling()),
                        LinkedHashMap::new,
                        Collectors.toList()));
        groups.forEach((of, group) -> {
            double decode = median(group.stream().map(Sample::decodeTokensPerSecond));
            rows.append(String.format(
                    Locale.ROOT,
                    "| %s | %d | `%s` | %s | %s | %.1f |%n",
                    of.model(),
                    of.sequences(),
                    of.peer(),
                    of.sampling(),
                    decode == 0 ? "" : String.format(Locale.ROOT, "%.1f", decode),
                    median(group.stream().map(Sample::endToEndTokensPerSecond))));
        });
        return rows.toString();
    }

    private static double median(Stream<Double> values) {
        return Ratio.median(values.mapToDouble(Double::doubleValue).sorted().toArray());
    }
}
