package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.schemas.event.TokenBias;
import dev.millrace.worker.llama.DemoModel;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.ScriptMask;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The demo model under everything that looks back at earlier tokens: penalties, the ban of n-grams, the loop guard, a
 * language whose characters are several tokens each; and bias. A completion
 * that another engine continues must go on as if nothing had happened.
 */
class ContinuationIT {
    private static final int WANTED = 60;
    private static final Sampling LOOKING_BACK = Sampling.newBuilder()
            .setMaxNewTokens(WANTED)
            .setTemperature(1.2f)
            .setTopK(0)
            .setTopP(0.98f)
            .setMinP(1e-4f)
            .setSeed(11L)
            .setRepetitionPenalty(1.2f)
            .setPresencePenalty(0.5f)
            .setFrequencyPenalty(0.3f)
            .setNoRepeatNgramSize(2)
            .setLogprobs(3)
            .build();

    private static LlamaModel model;
    private static ScriptMask thai;
    private static int[] prompt;
    private static RecordingListener undisturbed;

    @BeforeAll
    static void generateUndisturbed() throws Exception {
        model = DemoModel.open();
        thai = new LanguageMasks(model.vocabulary()).of(Language.TH);
        prompt = new ChatTemplate(model)
                .tokenize(List.of(new Message(Role.USER, "Write a short story about a robot learning to paint.")));
        undisturbed = generate(request(withoutEnds()), List.of()).get(0);
        assertThat(undisturbed.ids).hasSize(WANTED);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 0", "30, 0", "59, 0", "1, 5", "30, 5", "31, 0", "32, 0", "33, 0"})
    void goesOnAsIfNothingHadHappened(int cut, int neighbours) throws Exception {
        GenerationRequest continued = request(withoutEnds()).continuing(undisturbed.ids.subList(0, cut));
        List<GenerationRequest> others = new ArrayList<>();
        for (int i = 0; i < neighbours; i++) {
            others.add(request(withoutEnds().setSeed((long) i)));
        }

        RecordingListener listener = generate(continued, others).get(0);

        assertThat(listener.ids).isEqualTo(undisturbed.ids);
        assertThat(listener.logprobs).isEqualTo(undisturbed.logprobs.subList(cut, WANTED));
    }

    @Test
    void dependsOnEachOfTheSettingsThatLookBack() throws Exception {
        Set<List<Integer>> completions = new HashSet<>(Set.of(undisturbed.ids));
        for (Sampling.Builder without : List.of(
                withoutEnds().setRepetitionPenalty(1f),
                withoutEnds().setPresencePenalty(0f),
                withoutEnds().setFrequencyPenalty(0f),
                withoutEnds().setNoRepeatNgramSize(0))) {
            completions.add(generate(request(without), List.of()).get(0).ids);
        }
        completions.add(generate(request(withoutEnds(), null), List.of()).get(0).ids);
        completions.add(generate(request(withoutEnds().setLogitBias(null), null), List.of())
                .get(0)
                .ids);

        assertThat(completions).hasSize(7);
    }

    @Test
    void repeatsNoPairOfTokens() {
        List<Integer> all = new ArrayList<>(IntStream.of(prompt).boxed().toList());
        all.addAll(undisturbed.ids);
        Set<List<Integer>> ofPrompt = new HashSet<>();
        for (int i = 1; i < prompt.length; i++) {
            ofPrompt.add(all.subList(i - 1, i + 1));
        }

        for (int i = prompt.length; i < all.size(); i++) {
            assertThat(ofPrompt.add(all.subList(i - 1, i + 1)))
                    .as("pair at %d", i)
                    .isTrue();
        }
    }

    @Test
    void tellsLogprobsOfEachTokenLikeliestFirst() {
        assertThat(undisturbed.logprobs).hasSize(WANTED).allSatisfy(of -> {
            assertThat(of.getTop())
                    .hasSize(3)
                    .isSortedAccordingTo((a, b) -> Float.compare(b.getLogprob(), a.getLogprob()));
            assertThat(of.getLogprob())
                    .isNegative()
                    .isLessThanOrEqualTo(of.getTop().get(0).getLogprob());
        });
    }

    @Test
    void refusesABiasOfATokenThatThereIsNot() {
        int tokens = model.vocabulary().size();
        Sampling.Builder unknown = Sampling.newBuilder().setLogitBias(List.of(new TokenBias(tokens, 1f)));

        assertThat(catchThrowableOfType(PromptRefusedException.class, () -> generate(request(unknown), List.of()))
                        .failure())
                .satisfies(failure -> {
                    assertThat(failure.getCode()).isEqualTo("invalid_prompt");
                    assertThat(failure.getParam()).isEqualTo("sampling.logitBias");
                });
    }

    /** With no control token, so that nothing ends the completion early. */
    private static Sampling.Builder withoutEnds() {
        List<TokenBias> ends = IntStream.range(0, model.vocabulary().size())
                .filter(model.vocabulary()::isControl)
                .mapToObj(token -> new TokenBias(token, -100f))
                .toList();
        return Sampling.newBuilder(LOOKING_BACK).setLogitBias(ends);
    }

    private static GenerationRequest request(Sampling.Builder sampling) throws PromptRefusedException {
        return request(sampling, thai);
    }

    private static GenerationRequest request(Sampling.Builder sampling, @Nullable ScriptMask mask)
            throws PromptRefusedException {
        UUID id = UUID.randomUUID();
        GenerationParameters parameters = GenerationParameters.of(sampling.build(), id);
        GenerationParameters within = mask == null ? parameters : parameters.within(mask);
        return new GenerationRequest(id, prompt, new int[0], within, "", 0, false, null);
    }

    /** On an engine of its own; the first one's listener comes first. */
    private static List<RecordingListener> generate(GenerationRequest first, List<GenerationRequest> others)
            throws PromptRefusedException {
        List<GenerationRequest> requests = new ArrayList<>(List.of(first));
        requests.addAll(others);
        return DemoEngine.generate(model, 4000, requests);
    }
}
