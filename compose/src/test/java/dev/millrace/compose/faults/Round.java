package dev.millrace.compose.faults;

import dev.millrace.compose.JavaProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Streams, and a fault while they run. Owned by the main thread. */
final class Round implements AutoCloseable {

    private static final Duration UNTIL_ALL_STARTED = Duration.ofSeconds(30);
    /** From the end of the fault. What has not ended by then is unterminated. */
    private static final Duration UNTIL_ALL_ENDED = Duration.ofSeconds(45);

    private static final int LATEST_FAULT_MS = 1500;

    private final Cluster cluster;
    private final List<Question> questions;
    private final Random random;
    private final PromptSender sender;
    private final List<StreamAudit> streams = new ArrayList<>();
    private final List<Long> faultsNanos = new ArrayList<>();
    private final List<String> deadLetters = new ArrayList<>();

    Round(Cluster cluster, List<Question> questions, Random random) {
        this.cluster = cluster;
        this.questions = questions;
        this.random = random;
        this.sender = new PromptSender(cluster);
    }

    /** Whether all has come that was to come. */
    boolean run(int atOnce, Row row) throws Exception {
        if (!startStreams(atOnce)) {
            return false;
        }
        pause(random.nextInt(LATEST_FAULT_MS));
        row.strike(this);
        return cluster.reader().await(UNTIL_ALL_ENDED, () -> unterminated() == 0);
    }

    /** Returns when each has its first token; false when one has waited too long for it. */
    boolean startStreams(int count) throws ExecutionException, InterruptedException {
        send(count);
        List<StreamAudit> begun = List.copyOf(streams.subList(streams.size() - count, streams.size()));
        return cluster.reader().await(UNTIL_ALL_STARTED, () -> begun.stream().allMatch(StreamAudit::started));
    }

    void send(int count) throws ExecutionException, InterruptedException {
        for (int i = 0; i < count; i++) {
            ask(questions.get(random.nextInt(questions.size())));
        }
    }

    void ask(Question question) throws ExecutionException, InterruptedException {
        streams.add(sender.ask(question, random));
    }

    /** Something that is no prompt. It has to become a dead letter. */
    void sendRaw(byte[] value) throws ExecutionException, InterruptedException {
        String key = "raw-" + random.nextLong();
        deadLetters.add(key);
        sender.send(key, value);
    }

    /** Called right before each fault. */
    void struck() {
        faultsNanos.add(System.nanoTime());
    }

    /** The process gone as by kill -9, and another one in its place. */
    void kill(Worker worker) throws IOException, InterruptedException {
        struck();
        worker.process().kill();
        cluster.replace(worker);
    }

    /** How long a fault lasts. */
    static void pause(long milliseconds) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(milliseconds);
    }

    /** Stands still for so long. */
    static void freeze(JavaProcess process, long milliseconds) throws IOException, InterruptedException {
        process.freeze();
        try {
            pause(milliseconds);
        } finally {
            process.thaw();
        }
    }

    Cluster cluster() {
        return cluster;
    }

    Random random() {
        return random;
    }

    /** Workers that write streams, those of most streams first. */
    List<Worker> busyWorkers() {
        synchronized (cluster.reader()) {
            var running = streams.stream()
                    .filter(StreamAudit::running)
                    .collect(Collectors.groupingBy(
                            stream -> Objects.requireNonNull(stream.workerId()), Collectors.counting()));
            return cluster.workers().stream()
                    .filter(worker -> running.containsKey(worker.id()))
                    .sorted(Comparator.comparing((Worker worker) -> running.get(worker.id()))
                            .reversed())
                    .toList();
        }
    }

    List<StreamAudit> writtenBy(Worker worker) {
        synchronized (cluster.reader()) {
            return streams.stream()
                    .filter(StreamAudit::running)
                    .filter(stream -> worker.id().equals(stream.workerId()))
                    .toList();
        }
    }

    List<StreamAudit> streams() {
        return streams;
    }

    List<Long> faultsNanos() {
        return faultsNanos;
    }

    /** Prompts without their end or their whole answer, and what is no prompt and not among the dead letters. */
    int unterminated() {
        return (int) (streams.stream().filter(stream -> !stream.done()).count()
                + deadLetters.stream()
                        .filter(key -> !cluster.reader().hasDeadLetter(key))
                        .count());
    }

    @Override
    public void close() {
        sender.close();
    }
}
