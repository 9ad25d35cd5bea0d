package dev.millrace.compose.bench;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * {@code make bench-turns}: how long an idle engine takes to the first token of the tenth turn of a conversation, and to
 * that of a fresh prompt of as many tokens as the turn added, by turns. The demo model.
 */
final class TurnsBenchmark {

    private static final int TURNS = 10;
    private static final int ANSWER_TOKENS = 40;
    private static final int WARM_UP = 10;
    private static final double NANOS_PER_MS = 1e6;

    private TurnsBenchmark() {}

    /**
     * Measures, prints and ends.
     *
     * @param arguments the model's file, the number of rounds
     */
    public static void main(String[] arguments) throws Exception {
        int rounds = Integer.parseInt(arguments[1]);
        double[] lateMs = new double[rounds];
        double[] freshMs = new double[rounds];
        EngineAlone.Told last = null;
        try (EngineAlone engine = EngineAlone.open(Path.of(arguments[0]))) {
            for (int round = -WARM_UP; round < rounds; round++) {
                EngineAlone.Told late = converse(engine, round);
                EngineAlone.Told fresh = engine.generate(late.newTokens(), 1);
                if (round >= 0) {
                    lateMs[round] = late.nanos() / NANOS_PER_MS;
                    freshMs[round] = fresh.nanos() / NANOS_PER_MS;
                }
                last = late;
            }
        }
        System.out.printf(
                Locale.ROOT,
                "BENCH_TURNS rounds=%d turn=%d prompt_tokens=%d new_tokens=%d turn_p50_ms=%.2f fresh_p50_ms=%.2f ratio=%.2f%n",
                rounds,
                TURNS,
                last == null ? 0 : last.prompt().length,
                last == null ? 0 : last.newTokens().length,
                median(lateMs),
                median(freshMs),
                median(lateMs) / median(freshMs));
        System.exit(0);
    }

    /** The last turn of a conversation that nobody has had before. */
    private static EngineAlone.Told converse(EngineAlone engine, int round) throws Exception {
        List<Message> messages = new ArrayList<>();
        for (int turn = 1; turn < TURNS; turn++) {
            messages.add(new Message(Role.USER, question(round, turn)));
            EngineAlone.Told told = engine.generate(engine.tokenize(messages), ANSWER_TOKENS);
            messages.add(new Message(Role.ASSISTANT, told.text()));
        }
        messages.add(new Message(Role.USER, question(round, TURNS)));
        return engine.generate(engine.tokenize(messages), 1);
    }

    private static String question(int round, int turn) {
        return round + "/" + turn + ": Why does the moon change its shape from day to day, and what has the sea to do with it?";
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
