package dev.millrace.schemas;

import dev.millrace.schemas.event.ReplyEvent;
import java.util.List;

/** Three workers, two of them with the same model, and one prompt. A schedule of numbers says who does what next. */
final class Simulation {
    private final SimulatedPartition partition = new SimulatedPartition();
    private final List<SimulatedWorker> workers = List.of(
            new SimulatedWorker(partition, 0, "model-1"),
            new SimulatedWorker(partition, 1, "model-1"),
            new SimulatedWorker(partition, 2, "model-2"));
    private final boolean historyMayBeLost;
    private long nonces = 77;

    Simulation(boolean historyMayBeLost) {
        this.historyMayBeLost = historyMayBeLost;
    }

    /** Ends with a worker that nothing disturbs, unless the prompt is done; answers with all that was appended. */
    List<ReplyEvent> run(List<Integer> schedule) {
        workers.get(0).takeOver(nonce());
        for (int choice : schedule) {
            act(choice);
        }
        if (!partition.committed()) {
            finishUndisturbed(workers.get(schedule.size() % workers.size()));
        }
        while (!partition.limbo.isEmpty()) {
            partition.landLate(schedule.size());
        }
        return partition.log;
    }

    private void act(int choice) {
        SimulatedWorker worker = workers.get(choice % 3);
        int more = choice / 3 / 20;
        switch (choice / 3 % 20) {
            case 0, 1, 2, 3, 4, 5, 6 -> worker.step(1 + more % 3, historyMayBeLost && more % 5 == 0);
            case 7, 8, 9, 10, 11 -> worker.land();
            case 12, 13 -> worker.fail();
            case 14 -> partition.landLate(more);
            case 15 -> worker.takeOver(nonce());
            case 16 -> worker.crash();
            case 17 -> partition.appendOfAnotherPrompt();
            case 18 -> partition.tick();
            default -> {
                if (more % 4 == 0) {
                    partition.loseMetadata();
                }
            }
        }
    }

    /** Random enough: neither ascending nor ever the same. */
    private long nonce() {
        nonces = nonces * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
        return nonces;
    }

    private void finishUndisturbed(SimulatedWorker last) {
        last.crash();
        last.takeOver(nonce());
        for (int i = 0; i < 20 * SimulatedWorker.LENGTH; i++) {
            last.step(1, false);
            last.land();
        }
    }
}
