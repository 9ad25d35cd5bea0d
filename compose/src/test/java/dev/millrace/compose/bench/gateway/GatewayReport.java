package dev.millrace.compose.bench.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What came out, as {@code gateway.md}. */
record GatewayReport(Parameters parameters, List<Figure> figures, Map<String, Relayed> loads) {
    void write() throws IOException {
        Files.writeString(Files.createDirectories(parameters.reports()).resolve("gateway.md"), markdown());
    }

    private String markdown() throws IOException {
        return String.format(
                Locale.ROOT,
                """
                # The gateway

                Written by `make bench-gateway` on %s: %s, %d cores; each load for %d s after a warm-up of 4 s, %d rounds \
                with a stalled socket.

                Broker, gateway, clients and generator are processes of their own on the loopback interface and share the \
                cores; each Java runs as under `make run`. The generator stands in for workers: it takes the prompts that \
                the clients have sent through the gateway and answers them, an event for each stream in each step, as a \
                GPU would. A token is four characters. The clients are one thread that looks for the text of frames and \
                notes when it came.

                | figure | value | aim | |
                |---|---:|---:|---|
                %s
                Capacity is what comes to the clients while %d events at most are on their way. A delay is taken from the \
                broker's timestamp of the record, which has whole milliseconds, so it is told up to one too long. The \
                neighbours' stream is the 10,000 tokens/s of the delay; the other socket's stream is the same in both \
                cases, and only its client's reading differs.

                ## Where the time of the cores goes

                | load | tokens/s | tokens a frame | p50 | p99 | broker | clients | gateway | generator |
                |---|---:|---:|---:|---:|---:|---:|---:|---:|
                %s
                The last four: microseconds of CPU a token, warm-up included. p50 and p99 in milliseconds.
                """,
                LocalDate.now(ZoneOffset.UTC),
                processor(),
                Runtime.getRuntime().availableProcessors(),
                parameters.seconds(),
                parameters.rounds(),
                figures.stream().map(GatewayReport::row).collect(Collectors.joining()),
                Load.MOST_ON_THE_WAY,
                loads.entrySet().stream()
                        .map(load -> row(load.getKey(), load.getValue()))
                        .collect(Collectors.joining()));
    }

    private static String row(Figure figure) {
        return "| `" + figure.name() + "` | " + figure.number() + " | " + figure.aim() + " | " + figure.meaning()
                + " |\n";
    }

    private static String row(String load, Relayed relayed) {
        return String.format(
                Locale.ROOT,
                "| %s | %.0f | %.2f | %.2f | %.2f | %s |%n",
                load,
                relayed.tokensPerSecond(),
                relayed.tokensPerFrame(),
                relayed.p50Ms(),
                relayed.p99Ms(),
                relayed.cpuMicrosPerToken().values().stream()
                        .map(micros -> String.format(Locale.ROOT, "%.1f", micros))
                        .collect(Collectors.joining(" | ")));
    }

    private static String processor() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.replaceFirst(".*: *", ""))
                    .findFirst()
                    .orElse("unknown");
        }
    }
}
