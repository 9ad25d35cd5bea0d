package dev.millrace.worker.engine;

import dev.millrace.schemas.event.Failure;
import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.Decoder;
import dev.millrace.worker.llama.LlamaException;
import dev.millrace.worker.llama.Vocabulary;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Generates completions on one device, many at once (continuous batching). Its thread opens, drives and closes the
 * device and owns the scheduler and the slots; {@link #submit}, {@link #drop}, {@link #cancel}, {@link #load} and
 * {@link #close} are for other threads.
 */
public final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    /** Deadlines are looked at this often while no step is due. */
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final Failure DEVICE_FAILED = Failure.newBuilder()
            .setCode(ErrorCode.INTERNAL.code())
            .setMessage("the device failed while it generated this completion")
            .build();

    private final EngineSettings settings;
    private final Supplier<Decoder> device;
    private final Vocabulary vocabulary;
    private final EngineMetrics.Labelled metrics;
    /** A few for each prompt that is taken in, and intake is bounded. */
    private final BlockingQueue<Consumer<Scheduler>> commands = new LinkedBlockingQueue<>();

    private final CompletableFuture<Void> opened = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;

    /** Set by whoever closes, read by the engine's thread between two steps. */
    private volatile boolean closing;
    /** As {@link System#nanoTime}; written by the engine's thread, idle or not, and read by who watches it. */
    private volatile long turnBeganNanos;
    /** Written by the engine's thread after each step, read by heartbeats and by intake. */
    private volatile EngineLoad load = new EngineLoad(0, 0, 0, 0);

    /**
     * Does nothing before {@link #start}.
     *
     * @param device opens the decoder, on the engine's thread; once more each time the device has failed
     */
    public Engine(
            EngineSettings settings, Supplier<Decoder> device, Vocabulary vocabulary, EngineMetrics.Labelled metrics) {
        this.settings = settings;
        this.device = device;
        this.vocabulary = vocabulary;
        this.metrics = metrics;
        this.thread = new Thread(this::run, settings.name());
    }

    /** Starts the thread. The future completes when the device is open, and fails when it cannot be opened. */
    public CompletableFuture<Void> start() {
        thread.start();
        return opened;
    }

    /** Completes when the engine has closed, exceptionally when it gave up because of an error. */
    public CompletableFuture<Void> ended() {
        return ended;
    }

    /**
     * Gives the engine up when its thread has been at one turn for longer than this: then a native call does not come
     * back, and nobody can call it off. Any thread, now and then, once the device is open.
     *
     * @param longestStep well above the 50 ms that an idle turn takes
     */
    public void failIfStuck(Duration longestStep) {
        if (System.nanoTime() - turnBeganNanos > longestStep.toNanos()) {
            ended.completeExceptionally(new IllegalStateException(
                    "the device has not come back from a step within " + longestStep.toMillis() + " ms"));
            close();
        }
    }

    /** Whether it gave up because of an error; only a new process helps. */
    public boolean failed() {
        return ended.isCompletedExceptionally();
    }

    /**
     * Takes a prompt in, once the device is open. The listener hears of it on the engine's thread.
     *
     * @throws PromptRefusedException {@code context_length_exceeded} when no room is left for an answer, {@code
     *     invalid_prompt} when a parameter names a token that the model has not
     */
    public void submit(GenerationRequest request, CompletionListener listener) throws PromptRefusedException {
        request.parameters().check(vocabulary);
        int contextTokens = contextTokens();
        int promptTokens = request.promptTokens().length;
        if (promptTokens >= contextTokens) {
            throw new PromptRefusedException(
                    ErrorCode.CONTEXT_LENGTH_EXCEEDED,
                    "messages",
                    "the prompt has " + promptTokens + " tokens, and the context of " + contextTokens
                            + " must hold the answer too");
        }
        Slot slot = new Slot(request, listener, vocabulary, contextTokens, System.nanoTime());
        commands.add(scheduler -> scheduler.enqueue(slot));
    }

    /**
     * Forgets what was submitted with this very request, wherever it is. Its listener hears no more, but for what is
     * being said right now.
     */
    public void drop(GenerationRequest request) {
        commands.add(scheduler -> scheduler.drop(request));
    }

    /** Ends with CANCELLED what was submitted with this very request; nothing happens when it has ended. */
    public void cancel(GenerationRequest request) {
        commands.add(scheduler -> scheduler.cancel(request));
    }

    public EngineLoad load() {
        return load;
    }

    /** Tokens drawn since its start. */
    public double generatedTokens() {
        return metrics.generatedTokens();
    }

    /** Completions that run at once at most. */
    public int slots() {
        return settings.slots();
    }

    /** The most tokens of one prompt and its completion: what the settings and the KV cache allow. */
    public int contextTokens() {
        return Math.min(settings.contextTokens(), load.kvCells());
    }

    /** Stops after the current step, says nothing to the listeners and frees the device. Idempotent. */
    @Override
    public void close() {
        closing = true;
        commands.add(scheduler -> {});
    }

    private void run() {
        try {
            generate();
            ended.complete(null);
        } catch (Throwable t) { // the top of this thread's loop: whoever waits on the futures hears of it
            opened.completeExceptionally(t);
            ended.completeExceptionally(t);
        }
    }

    private void generate() throws InterruptedException {
        Decoder decoder = device.get();
        try {
            Scheduler scheduler = new Scheduler(decoder, settings);
            load = scheduler.load();
            turnBeganNanos = System.nanoTime();
            opened.complete(null);
            while (!closing) {
                try {
                    turn(decoder, scheduler);
                } catch (LlamaException e) {
                    LOG.error("The device failed; its completions end in an error and it is opened anew", e);
                    decoder.close();
                    decoder = device.get();
                    scheduler.moveTo(decoder, DEVICE_FAILED).forEach(metrics::onFinished);
                }
            }
        } finally {
            decoder.close();
        }
    }

    /** What has ended leaves before the next step, so that it costs none and says nothing after its end. */
    private void turn(Decoder decoder, Scheduler scheduler) throws InterruptedException {
        turnBeganNanos = System.nanoTime();
        awaitCommands(scheduler).forEach(command -> command.accept(scheduler));
        scheduler.expire(System.currentTimeMillis());
        retire(scheduler);
        scheduler.admit(System.nanoTime());
        Batch batch = scheduler.plan(System.nanoTime());
        if (batch.size() > 0) {
            long beganNanos = System.nanoTime();
            decoder.stepGuessing(batch);
            long endedNanos = System.nanoTime();
            scheduler.accept(batch, endedNanos - beganNanos, endedNanos);
            retire(scheduler);
        }
        scheduler.tellProgress(System.nanoTime());
        load = scheduler.load();
        metrics.onStep(batch, load);
    }

    private void retire(Scheduler scheduler) {
        scheduler.retire().forEach(metrics::onFinished);
    }

    /** What other threads asked for; waits where there is nothing else to do. */
    private List<Consumer<Scheduler>> awaitCommands(Scheduler scheduler) throws InterruptedException {
        List<Consumer<Scheduler>> received = new ArrayList<>();
        long waitNanos = Math.min(IDLE_NANOS, scheduler.untilDue(System.nanoTime()));
        @Nullable
        Consumer<Scheduler> first = waitNanos <= 0 ? commands.poll() : commands.poll(waitNanos, TimeUnit.NANOSECONDS);
        if (first != null) {
            received.add(first);
            commands.drainTo(received);
        }
        return received;
    }
}
