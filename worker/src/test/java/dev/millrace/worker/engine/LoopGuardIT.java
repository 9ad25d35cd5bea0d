package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ResponseFormat;
import dev.millrace.schemas.event.ResponseFormatType;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.schemas.event.TokenBias;
import dev.millrace.worker.llama.DemoModel;
import dev.millrace.worker.llama.LlamaModel;
import io.prometheus.client.CollectorRegistry;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Loops of the demo model, and what must not be taken for one. {@code -Dmillrace.loops=500} provokes so many; that
 * takes some minutes.
 */
class LoopGuardIT {
    private static final int LOOPS = Integer.getInteger("millrace.loops", 12);
    private static final int AT_ONCE = 16;
    private static final int FULL_LENGTH = 700;
    /** A completion that goes on like this up to its full length is a loop, whatever the guard thinks. */
    private static final int PERIODIC = 400;

    private static LlamaModel model;
    private static List<JsonObject> learned;

    @BeforeAll
    static void open() throws IOException {
        model = DemoModel.open();
        learned = Files.readAllLines(DemoModel.EXPECTED).stream()
                .map(JsonObject::new)
                .toList();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void endsEveryLoopBeforeItsFullLength() throws Exception {
        List<Integer> loops = new ArrayList<>();
        List<RecordingListener> unguarded = new ArrayList<>();
        for (int seed = 0; loops.size() < LOOPS; seed += AT_ONCE) {
            List<RecordingListener> tried = generate(IntStream.range(seed, seed + AT_ONCE), false);
            for (int i = 0; i < tried.size() && loops.size() < LOOPS; i++) {
                if (cycle(tried.get(i).ids) > 0) {
                    loops.add(seed + i);
                    unguarded.add(tried.get(i));
                }
            }
        }

        List<RecordingListener> guarded = generate(loops.stream().mapToInt(seed -> seed), true);

        System.out.printf(
                "%d loops of %d prompts; with the guard none is longer than %d tokens%n",
                LOOPS,
                loops.get(LOOPS - 1) + 1,
                guarded.stream().mapToInt(listener -> listener.ids.size()).max().orElseThrow());
        for (int i = 0; i < LOOPS; i++) {
            assertThat(unguarded.get(i).reason).isEqualTo(FinishReason.LENGTH);
            assertThat(guarded.get(i).reason).isEqualTo(FinishReason.REPETITION);
            assertThat(guarded.get(i).ids).hasSizeLessThan(FULL_LENGTH);
            assertThat(unguarded.get(i).ids).startsWith(guarded.get(i).ids.toArray(Integer[]::new));
        }
    }

    private static List<RecordingListener> generate(IntStream seeds, boolean guarded) throws PromptRefusedException {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int seed : seeds.toArray()) {
            requests.add(provoked(seed, guarded));
        }
        return DemoEngine.generate(model, AT_ONCE, 20_000, requests, new CollectorRegistry());
    }

    /** A prompt of chance, and two or three tokens to choose from, or a sentence that may only come again and again. */
    private static GenerationRequest provoked(int seed, boolean guarded) throws PromptRefusedException {
        Random random = new Random(seed);
        Sampling.Builder sampling = Sampling.newBuilder()
                .setMaxNewTokens(FULL_LENGTH)
                .setTemperature(random.nextInt(3) / 10f)
                .setSeed((long) seed)
                .setLoopGuard(guarded);
        if (seed % 2 == 0) {
            sampling.setLogitBias(only(random.ints(0, model.vocabulary().size()), 2 + random.nextInt(2)));
        } else {
            String answer = learned.get(random.nextInt(learned.size())).getString("answer");
            int characters = Math.min(answer.codePointCount(0, answer.length()), 3 + random.nextInt(80));
            String sentence = answer.substring(0, answer.offsetByCodePoints(0, characters));
            sampling.setResponseFormat(new ResponseFormat(ResponseFormatType.GBNF, gbnf(sentence)));
            sampling.setLogitBias(only(IntStream.of(model.tokenize(sentence)), characters));
        }
        int[] chance = random.ints(10, 0, model.vocabulary().size()).toArray();
        UUID id = new UUID(0, seed);
        return new GenerationRequest(
                id, chance, new int[0], GenerationParameters.of(sampling.build(), id), "", 0, false, null);
    }

    private static List<TokenBias> only(IntStream tokens, int most) {
        return tokens.filter(token -> !model.vocabulary().isControl(token))
                .distinct()
                .limit(most)
                .mapToObj(token -> new TokenBias(token, 100f))
                .toList();
    }

    private static String gbnf(String sentence) {
        StringBuilder grammar = new StringBuilder("root ::= sentence*\nsentence ::= \"");
        sentence.codePoints().forEach(c -> grammar.append(String.format("\\U%08X", c)));
        return grammar.append('"').toString();
    }

    /** The length of the cycle that the last tokens are; 0: they are none. */
    private static int cycle(List<Integer> ids) {
        if (ids.size() < FULL_LENGTH) {
            return 0;
        }
        List<Integer> last = ids.subList(ids.size() - PERIODIC, ids.size());
        return IntStream.rangeClosed(1, PERIODIC / LoopGuard.LEAST_REPEATS)
                .filter(cycle -> last.subList(cycle, PERIODIC).equals(last.subList(0, PERIODIC - cycle)))
                .findFirst()
                .orElse(0);
    }

    @Test
    void endsAContinuedCompletionAtTheSameToken() throws Exception {
        RecordingListener undisturbed = generate(IntStream.of(0), true).get(0);
        int length = undisturbed.ids.size();
        assertThat(undisturbed.reason).isEqualTo(FinishReason.REPETITION);

        List<GenerationRequest> requests = new ArrayList<>();
        for (int cut : new int[] {1, length / 2, length - 1, length}) {
            requests.add(provoked(0, true).continuing(undisturbed.ids.subList(0, cut)));
        }
        List<RecordingListener> continued = DemoEngine.generate(model, 4000, requests);

        assertThat(continued).allSatisfy(listener -> {
            assertThat(listener.ids).isEqualTo(undisturbed.ids);
            assertThat(listener.reason).isEqualTo(FinishReason.REPETITION);
        });
    }

    @Test
    void takesNoLearnedAnswerForALoop() {
        for (JsonObject expected : learned) {
            LoopGuard guard = new LoopGuard();
            for (int token : ids(expected.getJsonArray("answerIds"))) {
                guard.accept(token);
                assertThat(guard.repeats()).as(expected.getString("id")).isFalse();
            }
        }
    }

    @ParameterizedTest
    @MethodSource
    void takesOrdinaryTextForNoLoop(String text) {
        LoopGuard guard = new LoopGuard();
        for (int token : model.tokenize(text)) {
            guard.accept(token);
            assertThat(guard.repeats()).isFalse();
        }
    }

    static List<String> takesOrdinaryTextForNoLoop() {
        return List.of(
                "| City | Code | Open |\n|---|---|---|\n" + rows(100, "| Town %1$d | %1$05d | yes |\n"),
                "[" + rows(200, "{\"id\": %d, \"status\": \"pending\", \"tags\": []},\n ") + "]",
                rows(60, "%d. Wash the apple.\n"),
                rows(40, "    case %1$d:\n        return table[%1$d];\n"),
                "static const int board[8][8] = {\n" + "    {0, 0, 0, 0},\n".repeat(8) + "};\n",
                "Ha".repeat(100),
                "=".repeat(120) + "\n" + " ".repeat(200) + "\n");
    }

    private static String rows(int count, String row) {
        StringBuilder rows = new StringBuilder();
        IntStream.range(0, count).forEach(i -> rows.append(String.format(row, i)));
        return rows.toString();
    }

    private static int[] ids(JsonArray array) {
        return array.stream().mapToInt(id -> ((Number) id).intValue()).toArray();
    }
}
