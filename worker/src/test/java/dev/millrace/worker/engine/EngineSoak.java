package dev.millrace.worker.engine;

import static java.util.stream.Collectors.groupingBy;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.Decoder;
import dev.millrace.worker.llama.Penalties;
import dev.millrace.worker.llama.SamplerSettings;
import dev.millrace.worker.llama.Vocabulary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Prompts that come, go on from each other, are cancelled, dropped and preempted, at random but by a seed, on a device
 * that is too small for them. Each completion must be the same each time that its prompt comes; at the end no cell of
 * the KV cache and no byte of host memory may be left. One thread.
 */
final class EngineSoak {
    private static final int PROMPTS = 40;
    private static final int TOKENS = 1000;

    private record Going(GenerationRequest request, RecordingListener listener, int prompt) {}

    private final Random random;
    private final Decoder decoder;
    private final Vocabulary vocabulary;
    private final Scheduler scheduler;
    private final List<GenerationRequest> prompts = new ArrayList<>();
    private final Map<Integer, List<Integer>> expected = new HashMap<>();
    private final List<Going> going = new ArrayList<>();

    private int finished;
    private int preemptions;

    EngineSoak(Decoder decoder, Vocabulary vocabulary, int slots, long hostCacheBytes, long seed) {
        this.random = new Random(seed);
        this.decoder = decoder;
        this.vocabulary = endless(vocabulary);
        this.scheduler = new Scheduler(
                decoder,
                new EngineSettings(
                        "soak", decoder.kvCells(), slots, EngineSettings.NO_BUDGET, hostCacheBytes, Pace.UNLIMITED));
        IntStream.range(0, PROMPTS).forEach(i -> prompts.add(prompt(i)));
    }

    /** Completions have the length that they are allowed, so that the device fills up. */
    static Vocabulary endless(Vocabulary vocabulary) {
        List<byte[]> pieces = IntStream.range(0, vocabulary.size())
                .mapToObj(vocabulary::piece)
                .toList();
        return Vocabulary.of(pieces, Map.of(), List.of());
    }

    /** Some are one of three beginnings and more, some the next turn of another. */
    private GenerationRequest prompt(int number) {
        int[] tokens = tokens(random.nextInt(3), 40 + 30 * random.nextInt(3));
        if (number > 10 && random.nextBoolean()) {
            tokens = prompts.get(random.nextInt(number)).promptTokens();
        }
        int[] own = tokens(100 + number, 1 + random.nextInt(60));
        int[] all = SchedulerFixture.join(tokens, own);
        Penalties penalties = number % 3 == 0 ? new Penalties(1.2f, 0.3f, 0.2f, 3) : Penalties.NONE;
        SamplerSettings sampler =
                new SamplerSettings(number % 2, 1, 0, 0, number, penalties, List.of(), SamplerSettings.NO_LOGPROBS);
        return new GenerationRequest(
                UUID.randomUUID(),
                Arrays.copyOf(all, Math.min(all.length, decoder.kvCells() / 2)),
                new int[0],
                new GenerationParameters(1 + random.nextInt(random.nextBoolean() ? 50 : 600), sampler, List.of(), true),
                "principal " + number % 4,
                random.nextInt(3) - 1,
                false,
                null);
    }

    private static int[] tokens(int seed, int count) {
        return new Random(seed).ints(count, 0, TOKENS).toArray();
    }

    /** One operation: mostly a step. */
    void operate() {
        int draw = random.nextInt(100);
        if (draw < 12 && going.size() < 30) {
            submit(random.nextInt(PROMPTS));
        } else if (draw < 14 && !going.isEmpty()) {
            scheduler.cancel(any().request());
        } else if (draw < 15 && !going.isEmpty()) {
            Going dropped = any();
            scheduler.drop(dropped.request());
            going.remove(dropped);
        } else {
            step();
        }
    }

    private Going any() {
        return going.get(random.nextInt(going.size()));
    }

    /** Sometimes as one who takes over would: from where another left off. */
    private void submit(int prompt) {
        List<Integer> whole = expected.getOrDefault(prompt, List.of());
        List<Integer> before = whole.subList(0, whole.isEmpty() ? 0 : random.nextInt(whole.size()));
        GenerationRequest request = prompts.get(prompt).continuing(random.nextBoolean() ? before : List.of());
        RecordingListener listener = new RecordingListener()
                .after(Arrays.stream(request.completionTokens()).boxed().toList());
        going.add(new Going(request, listener, prompt));
        scheduler.enqueue(new Slot(request, listener, vocabulary, decoder.kvCells(), 0));
    }

    private void step() {
        retire();
        step(decoder, scheduler);
        retire();
    }

    static void step(Decoder decoder, Scheduler scheduler) {
        scheduler.admit(0);
        Batch batch = scheduler.plan(0);
        if (batch.size() > 0) {
            decoder.step(batch);
            scheduler.accept(batch, 0, 0);
        }
    }

    private void retire() {
        preemptions += scheduler.retire().stream().mapToInt(Slot::preemptions).sum();
        Map<Boolean, List<Going>> byEnd = going.stream().collect(groupingBy(one -> one.listener().reason != null));
        List<Going> ended = byEnd.getOrDefault(true, List.of());
        ended.forEach(this::check);
        going.removeAll(ended);
        finished += ended.size();
    }

    private void check(Going ended) {
        List<Integer> whole = expected.get(ended.prompt());
        List<Integer> ids = ended.listener().ids;
        boolean cut = ended.listener().reason == FinishReason.CANCELLED;
        if (whole == null && !cut) {
            expected.put(ended.prompt(), List.copyOf(ids));
        } else if (whole != null && !(cut ? whole.subList(0, ids.size()) : whole).equals(ids)) {
            throw new AssertionError("prompt " + ended.prompt() + " was completed otherwise before");
        }
    }

    /** Lets everything come to its end and sees what is left. */
    void settle() {
        int steps = 0;
        while (!going.isEmpty()) {
            if (steps++ > 1_000_000) {
                throw new AssertionError(going.size() + " completions do not end");
            }
            step();
        }
        EngineLoad wanted = new EngineLoad(0, 0, decoder.kvCells(), decoder.kvCells());
        if (!scheduler.load().equals(wanted)) {
            throw new AssertionError("left over: " + scheduler.load());
        }
        scheduler.clearCache();
        int cells = decoder.cellsOf(IntStream.range(0, decoder.sequences()).toArray());
        if (cells > 0) {
            throw new AssertionError(cells + " cells are not free");
        }
    }

    int finished() {
        return finished;
    }

    int preemptions() {
        return preemptions;
    }

    /** The prompts and what they must be completed with, for a look by other means. */
    Stream<Map.Entry<GenerationRequest, List<Integer>>> completions() {
        return expected.entrySet().stream().map(entry -> Map.entry(prompts.get(entry.getKey()), entry.getValue()));
    }
}
