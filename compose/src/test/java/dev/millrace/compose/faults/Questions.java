package dev.millrace.compose.faults;

import dev.millrace.compose.stack.Expected;
import dev.millrace.compose.stack.Installation;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Sampling;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;

/**
 * What the matrix asks, half of it at temperature 0 and half with a seed at 0.8. The demo model's greedy answers are
 * those that PyTorch computed; the others come from a worker that nothing disturbs.
 *
 * @param ofDemoModel each with one answer
 * @param ofBothModels each with two that differ early and late, so that one joined to the other equals neither
 */
record Questions(List<Question> ofDemoModel, List<Question> ofBothModels) {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int OF_EACH_LANGUAGE = 3;
    /**
     * Whoever takes a stream over reads its prompt again. With longer ones the matrix would measure how fast this
     * machine's processor reads, and not how long a takeover takes.
     */
    private static final int LONGEST_PROMPT_TOKENS = 512;

    private static final int SHORTEST_TOKENS = 60;
    private static final int LONGEST_TOKENS = 100;
    private static final int EARLY_TOKENS = 8;
    private static final int LATE_CHARACTERS = 10;

    static Questions learn() throws IOException, InterruptedException, ExecutionException {
        List<Question> asked = toAsk();
        List<Question> ofDemoModel = new ArrayList<>();
        List<Question> ofBothModels = new ArrayList<>();
        Random ids = new Random(0);
        try (Cluster cluster = Cluster.empty(Layout.PLAIN)) {
            List<Answer> answers = answers(cluster, Installation.MODEL, asked, ids);
            List<Answer> others = answers(cluster, cluster.otherModel(), asked, ids);
            for (int i = 0; i < asked.size(); i++) {
                List<Answer> known = asked.get(i).answers();
                Answer answer = known.isEmpty() ? answers.get(i) : known.get(0);
                if (longEnough(answer)) {
                    ofDemoModel.add(asked.get(i).answered(List.of(answer)));
                    if (tellsApart(answer, others.get(i))) {
                        ofBothModels.add(asked.get(i).answered(List.of(answer, others.get(i))));
                    }
                }
            }
        }
        return new Questions(ofDemoModel, ofBothModels);
    }

    private static List<Question> toAsk() throws IOException {
        Map<String, List<Expected>> byLanguage = Expected.all().stream()
                .filter(expected -> expected.answerIds().size() >= SHORTEST_TOKENS)
                .filter(expected -> expected.answerIds().size() < LONGEST_TOKENS)
                .filter(expected -> expected.promptTokens() <= LONGEST_PROMPT_TOKENS)
                .collect(Collectors.groupingBy(Expected::language, TreeMap::new, Collectors.toList()));
        List<Question> asked = new ArrayList<>();
        byLanguage.values().stream()
                .flatMap(ofOne -> ofOne.stream().limit(OF_EACH_LANGUAGE))
                .forEach(expected -> {
                    Answer greedy = new Answer(expected.answerIds(), expected.answer(), FinishReason.STOP);
                    asked.add(new Question(expected.messages(), sampling(0f, 0), List.of(greedy)));
                    asked.add(new Question(expected.messages(), sampling(0.8f, asked.size()), List.of()));
                });
        return asked;
    }

    private static Sampling sampling(float temperature, long seed) {
        return Sampling.newBuilder()
                .setTemperature(temperature)
                .setSeed(seed)
                .setMaxNewTokens(LONGEST_TOKENS)
                .build();
    }

    private static boolean longEnough(Answer answer) {
        return answer.ids().size() >= SHORTEST_TOKENS;
    }

    private static boolean tellsApart(Answer one, Answer other) {
        return longEnough(other)
                && !other.beginsWith(one.ids().subList(0, EARLY_TOKENS))
                && !one.text().endsWith(other.text().substring(other.text().length() - LATE_CHARACTERS));
    }

    private static List<Answer> answers(Cluster cluster, Path model, List<Question> questions, Random ids)
            throws IOException, InterruptedException, ExecutionException {
        Worker worker = cluster.startWorker(model, false);
        List<StreamAudit> streams = new ArrayList<>();
        try (PromptSender sender = new PromptSender(cluster)) {
            for (Question question : questions) {
                streams.add(sender.ask(question, ids));
            }
        }
        if (!cluster.reader().await(PATIENCE, () -> streams.stream().allMatch(StreamAudit::done))) {
            throw new IllegalStateException("a worker that nothing disturbs does not answer: "
                    + worker.process().standardError());
        }
        worker.process().terminate();
        return streams.stream().map(StreamAudit::answer).toList();
    }
}
