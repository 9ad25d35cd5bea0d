package dev.millrace.compose.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** What happens to workers, whose session lasts a second. */
final class WorkerFaults {

    private static final int SHORTEST_FREEZE_MS = 1500;
    private static final int PROMPTS_BEFORE_THE_FREEZE = 8;
    private static final Duration UNTIL_TAKEOVER = Duration.ofSeconds(10);

    private WorkerFaults() {}

    static void kill(Round round) throws IOException, InterruptedException {
        round.kill(any(round));
    }

    static void terminate(Round round) throws IOException, InterruptedException {
        terminate(round, any(round));
    }

    private static void terminate(Round round, Worker worker) throws IOException, InterruptedException {
        round.struck();
        worker.process().terminate();
        round.cluster().replace(worker);
    }

    /**
     * It does not know that it has lost its partitions. When it wakes up it goes on writing, and claims what it had
     * fetched before.
     */
    static void freezeBeyondTheSession(Round round) throws Exception {
        Worker worker = any(round);
        round.send(PROMPTS_BEFORE_THE_FREEZE);
        round.struck();
        Round.freeze(worker.process(), beyondTheSession(round));
    }

    /** The second one may be the one that took over from the first. */
    static void freezeTwo(Round round) throws Exception {
        List<Worker> busy = round.busyWorkers();
        Worker first = busy.get(0);
        Worker second = round.cluster().workers().stream()
                .filter(worker -> !worker.equals(first))
                .skip(round.random().nextInt(2))
                .findFirst()
                .orElseThrow();
        round.send(PROMPTS_BEFORE_THE_FREEZE);
        round.struck();
        first.process().freeze();
        try {
            Round.pause(round.random().nextInt(2500));
            round.struck();
            Round.freeze(second.process(), beyondTheSession(round));
        } finally {
            first.process().thaw();
        }
    }

    private static int beyondTheSession(Round round) {
        return SHORTEST_FREEZE_MS + round.random().nextInt(2000);
    }

    /** The second one dies at its first claim of what the first one wrote, or shortly after. */
    static void killWhoTakesOver(Round round) throws IOException, InterruptedException {
        Worker first = any(round);
        List<StreamAudit> orphans = round.writtenBy(first);
        round.kill(first);
        round.cluster()
                .reader()
                .await(
                        UNTIL_TAKEOVER,
                        () -> orphans.stream().anyMatch(stream -> !first.id().equals(stream.workerId())));
        Round.pause(round.random().nextInt(60));
        for (Worker worker : round.busyWorkers()) {
            if (round.writtenBy(worker).stream().anyMatch(orphans::contains)) {
                round.kill(worker);
                return;
            }
        }
    }

    /** One after the other, under load to the last. */
    static void restartAll(Round round) throws Exception {
        List<Worker> all = round.cluster().workers();
        int streams = round.streams().size();
        for (Worker worker : all) {
            terminate(round, worker);
            boolean unused = round.startStreams(streams / all.size());
        }
    }

    private static Worker any(Round round) {
        List<Worker> busy = round.busyWorkers();
        return busy.get(round.random().nextInt(busy.size()));
    }
}
