package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.worker.llama.Decoder;
import dev.millrace.worker.llama.DemoModel;
import dev.millrace.worker.llama.LlamaModel;
import io.prometheus.client.CollectorRegistry;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The demo model with the adapter that was trained on it, beside itself without. */
class LoraIT {
    /** A question and its answer at temperature 0, as PyTorch computed it. */
    private record Case(List<Message> messages, String answer) {}

    private static final Sampling SAMPLED = Sampling.newBuilder()
            .setMaxNewTokens(50)
            .setTemperature(1f)
            .setTopK(0)
            .setTopP(0.99f)
            .setLogprobs(2)
            .build();

    private static List<Case> brief;
    private static List<Case> base;
    private static LlamaModel model;
    private static int adapter;

    @BeforeAll
    static void open() throws IOException {
        model = DemoModel.open();
        adapter = model.loadAdapter(DemoModel.BRIEF);
        brief = read(DemoModel.BRIEF_EXPECTED);
        base = read(DemoModel.EXPECTED);
        assertThat(brief).hasSizeGreaterThan(30);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void answersAsTrainedAndOtherwiseThanWithout() throws Exception {
        List<RecordingListener> listeners = generate(greedy(brief, adapter));

        for (int i = 0; i < brief.size(); i++) {
            Case trained = brief.get(i);
            assertThat(listeners.get(i).text).hasToString(trained.answer());
            assertThat(listeners.get(i).reason).isEqualTo(FinishReason.STOP);
            assertThat(base)
                    .filteredOn(of -> of.messages().equals(trained.messages()))
                    .singleElement()
                    .satisfies(of -> assertThat(of.answer()).isNotEqualTo(trained.answer()));
        }
    }

    @Test
    void leavesTheModelAsItIsForTheOthers() throws Exception {
        List<GenerationRequest> requests = new ArrayList<>(greedy(base, Decoder.NO_ADAPTER));
        requests.addAll(greedy(brief, adapter));

        List<RecordingListener> listeners = generate(requests);

        for (int i = 0; i < base.size(); i++) {
            assertThat(listeners.get(i).text).hasToString(base.get(i).answer());
        }
    }

    /** To the last bit of the log-probabilities, at random draws. */
    @Test
    void twentyAtOnceEachGetWhatTheyGetAlone() throws Exception {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            GenerationRequest without = sampled(brief.get(3 * i), i);
            requests.add(without);
            requests.add(without.with(adapter));
        }
        CollectorRegistry metrics = new CollectorRegistry();

        List<RecordingListener> together = DemoEngine.generate(model, 20, 8000, requests, metrics);

        assertThat(metrics.getSampleValue(
                        "millrace_adapter_changes_total",
                        new String[] {"model_name", "device"},
                        new String[] {"demo", "cpu"}))
                .isGreaterThan(2);
        for (int i = 0; i < requests.size(); i++) {
            RecordingListener alone = generate(List.of(requests.get(i))).get(0);
            assertThat(together.get(i).ids).isEqualTo(alone.ids);
            assertThat(together.get(i).logprobs).isEqualTo(alone.logprobs);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 17, 49})
    void anotherEngineGoesOnAsIfNothingHadHappened(int cut) throws Exception {
        GenerationRequest request = sampled(longest(), 5).with(adapter);
        RecordingListener undisturbed = generate(List.of(request)).get(0);
        assertThat(undisturbed.ids).hasSize(50);
        GenerationRequest continued = request.continuing(undisturbed.ids.subList(0, cut));

        RecordingListener listener = generate(List.of(continued, sampled(brief.get(0), 1), sampled(base.get(9), 2)))
                .get(0);

        assertThat(listener.ids).isEqualTo(undisturbed.ids);
        assertThat(listener.logprobs).isEqualTo(undisturbed.logprobs.subList(cut, 50));
    }

    /** One slot: the second finds the first one's cells, and may not take them. */
    @Test
    void takesNothingFromTheCacheThatWasComputedOtherwise() throws Exception {
        Case question = longest();
        List<GenerationRequest> requests = List.of(
                greedy(question, Decoder.NO_ADAPTER),
                greedy(question, adapter),
                greedy(question, adapter),
                greedy(question, Decoder.NO_ADAPTER));

        List<RecordingListener> listeners = DemoEngine.generate(model, 1, 4000, requests, new CollectorRegistry());

        assertThat(listeners.get(1).text).hasToString(question.answer());
        assertThat(listeners.get(2).text).hasToString(question.answer());
        assertThat(listeners.get(3).ids).isEqualTo(listeners.get(0).ids);
        assertThat(listeners.stream().map(of -> of.usage.getCachedTokens() > 0)).startsWith(false, false, true);
    }

    private static Case longest() {
        return brief.stream()
                .reduce((a, b) -> b.answer().length() > a.answer().length() ? b : a)
                .orElseThrow();
    }

    private static List<GenerationRequest> greedy(List<Case> cases, int adapter) throws PromptRefusedException {
        List<GenerationRequest> requests = new ArrayList<>();
        for (Case of : cases) {
            requests.add(greedy(of, adapter));
        }
        return requests;
    }

    private static GenerationRequest greedy(Case of, int adapter) throws PromptRefusedException {
        Sampling greedy =
                Sampling.newBuilder().setTemperature(0f).setMaxNewTokens(1024).build();
        return request(of, greedy).with(adapter);
    }

    private static GenerationRequest sampled(Case of, long seed) throws PromptRefusedException {
        return request(of, Sampling.newBuilder(SAMPLED).setSeed(seed).build());
    }

    private static GenerationRequest request(Case of, Sampling sampling) throws PromptRefusedException {
        UUID id = UUID.randomUUID();
        int[] prompt = new ChatTemplate(model).tokenize(of.messages());
        GenerationParameters parameters = GenerationParameters.of(sampling, id);
        return new GenerationRequest(id, prompt, new int[0], parameters, "", 0, false, null);
    }

    private static List<RecordingListener> generate(List<GenerationRequest> requests) throws PromptRefusedException {
        return DemoEngine.generate(model, 8000, requests);
    }

    private static List<Case> read(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .map(JsonObject::new)
                .map(line -> new Case(messages(line.getJsonArray("messages")), line.getString("answer")))
                .toList();
    }

    private static List<Message> messages(JsonArray array) {
        return array.stream()
                .map(JsonObject.class::cast)
                .map(message -> new Message(
                        Role.valueOf(message.getString("role").toUpperCase(Locale.ROOT)), message.getString("content")))
                .toList();
    }
}
