package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what PyTorch computed for the same weights: every token of every conversation that the model has learned. */
class DemoModelIT {
    private record Case(JsonArray messages, List<Integer> promptIds, List<Integer> answerIds) {}

    private static final List<Case> CASES = new ArrayList<>();
    private static LlamaModel model;

    @BeforeAll
    static void open() throws IOException {
        model = DemoModel.open();
        for (String line : Files.readAllLines(DemoModel.EXPECTED)) {
            JsonObject expected = new JsonObject(line);
            CASES.add(new Case(
                    expected.getJsonArray("messages"),
                    integers(expected.getJsonArray("promptIds")),
                    integers(expected.getJsonArray("answerIds"))));
        }
        assertThat(CASES).hasSizeGreaterThan(80);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void makesTheSameTokensOfEveryPrompt() {
        for (Case expected : CASES) {
            assertThat(prompt(expected.messages)).isEqualTo(expected.promptIds);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void givesEveryAnswerTokenByToken(int together) {
        int end = model.vocabulary().control("<|im_end|>").orElseThrow();
        try (LlamaContext context = LlamaContext.open(model, new ContextSettings(16_384, 8, 512, 1))) {
            for (int first = 0; first < CASES.size(); first += together) {
                List<Case> group = CASES.subList(first, Math.min(CASES.size(), first + together));
                List<Generation> generations = start(context, group);

                Generation.run(context, generations);

                for (int i = 0; i < group.size(); i++) {
                    List<Integer> answer = new ArrayList<>(group.get(i).answerIds);
                    answer.add(end);
                    assertThat(generations.get(i).tokens).isEqualTo(answer);
                }
            }
        }
    }

    private static List<Generation> start(LlamaContext context, List<Case> group) {
        return IntStream.range(0, group.size())
                .mapToObj(sequence -> {
                    Case expected = group.get(sequence);
                    int[] prompt =
                            expected.promptIds.stream().mapToInt(id -> id).toArray();
                    int wanted = expected.answerIds.size() + 1;
                    return new Generation(context, sequence, SamplerSettings.GREEDY, prompt, 64, wanted);
                })
                .toList();
    }

    /** Each part on its own, so that no text becomes a control token or melts with the template. */
    private static List<Integer> prompt(JsonArray messages) {
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            JsonObject message = messages.getJsonObject(i);
            beginMessage(ids::add, message.getString("role"));
            text(ids::add, message.getString("content"));
            ids.add(model.vocabulary().control("<|im_end|>").orElseThrow());
            text(ids::add, "\n");
        }
        beginMessage(ids::add, "assistant");
        return ids;
    }

    private static void beginMessage(IntConsumer ids, String role) {
        ids.accept(model.vocabulary().control("<|im_start|>").orElseThrow());
        text(ids, role + "\n");
    }

    private static void text(IntConsumer ids, String text) {
        for (int id : model.tokenize(text)) {
            ids.accept(id);
        }
    }

    private static List<Integer> integers(JsonArray array) {
        return array.stream().map(id -> ((Number) id).intValue()).toList();
    }
}
