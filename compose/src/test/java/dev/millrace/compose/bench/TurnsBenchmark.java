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
 * that of a fresh prompt of only the tokens that the turn added, by turns. The demo model, in which looking back at one
 * token costs a five-hundredth of what computing one does; in the real one it is a ten-thousandth.
 */
final class TurnsBenchmark {

    private static final int TURNS = 10;
    private static final int ANSWER_TOKENS = 24;
    private static final List<String> QUESTIONS = List.of(
            " Why does the moon change its shape?",
            " Why does the moon change its shape from day to day, and what has the sea to do with it?");

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
        try (EngineAlone engine = EngineAlone.open(Path.of(arguments[0]))) {
            for (String question : QUESTIONS) {
                measure(engine, question, rounds);
            }
        }
        System.exit(0);
    }

    private static void measure(EngineAlone engine, String question, int rounds) throws Exception {
        double[] lateMs = new double[rounds];
        double[] freshMs = new double[rounds];
        int promptTokens = 0;
        int newTokens = 0;
        for (int round = -WARM_UP; round < rounds; round++) {
            EngineAlone.Told late = converse(engine, round + question);
            EngineAlone.Told fresh = engine.generate(late.newTokens(), 1);
            promptTokens = late.prompt().length;
            newTokens = late.newTokens().length;
            if (round >= 0) {
                lateMs[round] = late.nanos() / NANOS_PER_MS;
                freshMs[round] = fresh.nanos() / NANOS_PER_MS;
            }
        }
        System.out.printf(
                Locale.ROOT,
                "BENCH_TURNS rounds=%d turn=%d prompt_tokens=%d new_tokens=%d turn_p50_ms=%.2f fresh_p50_ms=%.2f ratio=%.2f%n",
                rounds,
                TURNS,
                promptTokens,
                newTokens,
                median(lateMs),
                median(freshMs),
                median(lateMs) / median(freshMs));
    }

    /** The last turn of a conversation that nobody has had before. */
    private static EngineAlone.Told converse(EngineAlone engine, String question) throws Exception {
        List<Message> messages = new ArrayList<>();
        for (int turn = 1; turn < TURNS; turn++) {
            messages.add(new Message(Role.USER, turn + question));
            EngineAlone.Told told = engine.generate(engine.tokenize(messages), ANSWER_TOKENS);
            messages.add(new Message(Role.ASSISTANT, told.text()));
        }
        messages.add(new Message(Role.USER, TURNS + question));
        return engine.generate(engine.tokenize(messages), 1);
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
