package dev.millrace.worker.bench;

import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.Hardware;
import dev.millrace.worker.llama.LlamaLibrary;
import io.vertx.core.json.JsonArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What came out, as {@code gpu.md} and {@code gpu.json}. */
record GpuReport(
        Parameters parameters, LlamaLibrary library, List<Sample> samples, List<Ratio> ratios, List<String> lines) {
    void write() throws IOException {
        Path folder = Files.createDirectories(parameters.reports());
        String json = new Report(parameters, library, samples, ratios)
                .json()
                .put("device", device())
                .put("lines", new JsonArray(lines))
                .encodePrettily();
        Files.writeString(folder.resolve("gpu.json"), json + "\n");
        Files.writeString(folder.resolve("gpu.md"), markdown());
    }

    private String device() throws IOException {
        return parameters.device() instanceof Device.Gpu gpu
                ? Hardware.of(library).gpus().get(gpu.number()).description()
                : "the processor, " + Report.processor();
    }

    private String markdown() throws IOException {
        return String.format(
                Locale.ROOT,
                """
                # The engine on a GPU

                Written by `make bench-gpu` on %s: device %s; llama.cpp %s; %d rounds, prompts of %d random tokens, %d new \
                tokens each; random weights. The raw numbers are in [gpu.json](gpu.json). Peers and ratios are those of \
                [engine.md](engine.md), and besides:

                - `whole-rows`: the engine without [candidates](../decisions/0011-candidates.md). On a processor, which does \
                without, `candidates` is the engine with them.
                - `separate`: the bare loop with one pool of cells, over itself with cells of its own for each sequence.
                - `llama-server-backend`: llama-server with its own sampling on the device.

                | peer | model | sampling | sequences | median | min | max |
                |---|---|---|---:|---:|---:|---:|
                %s
                ## Other figures

                - `EQUAL bare`: rounds in which engine and bare loop generated the same tokens, of how many. `EQUAL batch`: \
                completions that are the same alone and all at once. `EQUAL continued`: those that are the same when their \
                second half is generated from the tokens of the first.
                - `BANDWIDTH`: what the device reads and writes while it copies its own memory, in GB/s.
                - `SHARE`: tokens a second of one completion; the bandwidth over the model's bytes; the one over the other.
                - `PREFILL`: a prompt's tokens, and how many the engine reads a second: median, least and most.

                ```
                %s
                ```

                ## Tokens per second, medians

                | model | sequences | peer | sampling | decode | end to end |
                |---|---:|---|---|---:|---:|
                %s""",
                LocalDate.now(ZoneOffset.UTC),
                device(),
                library.version(),
                parameters.rounds(),
                Load.PROMPT_TOKENS,
                parameters.tokens(),
                ratios.stream().map(Report::row).collect(Collectors.joining()),
                lines.stream().filter(line -> !line.startsWith("RATIO")).collect(Collectors.joining("\n")),
                Report.speeds(samples));
    }
}
