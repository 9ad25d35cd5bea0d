package dev.millrace.compose.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The results as Markdown, between two marks of a file whose other words stay as they are. */
final class Report {

    static final String BEGIN = "<!-- make test-faults writes from here -->\n";
    static final String END = "<!-- to here -->\n";

    private Report() {}

    static void write(Plan plan, List<Tally> tallies, List<String> skipped) throws IOException {
        StringBuilder table = new StringBuilder(BEGIN)
                .append("`" + plan.command() + "` on " + machine() + ":\n\n")
                .append(Tally.tableHead());
        tallies.forEach(tally -> table.append(tally.tableRow()));
        skipped.forEach(row -> table.append("\nSkipped: " + row + ".\n"));
        table.append("\nIn all %d faults that hit %d streams.%n"
                .formatted(
                        tallies.stream().mapToInt(Tally::faults).sum(),
                        tallies.stream().mapToInt(Tally::hitStreams).sum()));
        replace(plan.report(), table.append(END).toString());
    }

    private static void replace(Path file, String part) throws IOException {
        String before = Files.exists(file) ? Files.readString(file) : BEGIN + END;
        int from = before.indexOf(BEGIN);
        int to = before.indexOf(END);
        if (from < 0 || to < from) {
            throw new IOException(file + " has no place for the results");
        }
        Files.writeString(file, before.substring(0, from) + part + before.substring(to + END.length()));
    }

    private static String machine() throws IOException {
        return "%d cores of %s, %s %s, Java %s"
                .formatted(
                        Runtime.getRuntime().availableProcessors(),
                        processor(),
                        System.getProperty("os.name"),
                        System.getProperty("os.arch"),
                        Runtime.version().feature());
    }

    private static String processor() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .collect(Collectors.toSet())
                    .toString()
                    .replaceAll("[\\[\\]]", "");
        }
    }
}
