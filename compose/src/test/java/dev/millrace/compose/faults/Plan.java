package dev.millrace.compose.faults;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * How much to run.
 *
 * @param rounds of each row
 * @param seed of every random choice but those of the processes under test
 * @param streams at once
 * @param report a Markdown file, of which the run writes the part between two marks
 */
record Plan(int rounds, long seed, List<Row> rows, int streams, Path report) {

    /** The workers' most slots: one of them must be able to take all streams over. */
    private static final int MOST_STREAMS = 64;

    Plan {
        if (rounds < 1 || streams < 1 || streams > MOST_STREAMS) {
            throw new IllegalArgumentException("ROUNDS is at least 1, STREAMS is from 1 to " + MOST_STREAMS);
        }
    }

    static Plan of(Map<String, String> environment) {
        return new Plan(
                Integer.parseInt(environment.getOrDefault("ROUNDS", "3")),
                Long.parseLong(environment.getOrDefault(
                        "SEED", String.valueOf(RandomGenerator.getDefault().nextInt(1_000_000)))),
                rows(environment.getOrDefault("ROWS", "all")),
                Integer.parseInt(environment.getOrDefault("STREAMS", "40")),
                Path.of(environment.getOrDefault("REPORT", "target/reliability.md")));
    }

    private static List<Row> rows(String names) {
        List<Row> all = List.of(Row.values());
        return names.equals("all")
                ? all
                : Arrays.stream(names.split(",")).map(Row::named).sorted().toList();
    }

    /** The same choices in a row whichever others run. */
    Random random(Row row, int round) {
        return new Random(seed * 1_000_003 + row.id().hashCode() * 10_007L + round);
    }

    String command() {
        String chosen = rows.size() == Row.values().length
                ? ""
                : " ROWS=" + String.join(",", rows.stream().map(Row::id).toList());
        return "make test-faults ROUNDS=" + rounds + " SEED=" + seed + " STREAMS=" + streams + chosen;
    }
}
