package dev.millrace.compose.faults;

import java.io.IOException;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;

/** What happens to the broker, its log, its disk and the way to it. */
final class BrokerFaults {

    /** Of {@link Layout#SHORT_DELIVERY}, with some time to spare. */
    private static final int BEYOND_DELIVERY_MS = 3000;

    private BrokerFaults() {}

    static void kill(Round round) throws IOException, InterruptedException {
        round.struck();
        killFor(round, round.random().nextInt(1500));
    }

    private static void killFor(Round round, long milliseconds) throws IOException, InterruptedException {
        BrokerProcess broker = round.cluster().broker();
        broker.process().kill();
        Round.pause(milliseconds);
        broker.startAgain();
    }

    /** Sends are given up; when the broker was only frozen, they land all the same. */
    static void outlastDelivery(Round round) throws IOException, InterruptedException {
        int milliseconds = BEYOND_DELIVERY_MS + round.random().nextInt(2000);
        round.struck();
        if (round.random().nextBoolean()) {
            Round.freeze(round.cluster().broker().process(), milliseconds);
        } else {
            killFor(round, milliseconds);
        }
    }

    /** Between one worker and the broker. */
    static void cutOff(Round round) throws InterruptedException {
        StallingProxy proxy = round.cluster().broker().proxy();
        Random random = round.random();
        int kind = random.nextInt(3);
        round.struck();
        if (kind == 0) {
            proxy.stall();
        } else if (kind == 1) {
            proxy.reset();
        } else {
            proxy.delay(100 + random.nextInt(900));
        }
        Round.pause(500 + random.nextInt(3000));
        if (random.nextBoolean()) {
            proxy.reset();
        }
        proxy.flow();
    }

    /** All that readers have read is gone from the log; then a worker dies. */
    static void expireLog(Round round) throws IOException, InterruptedException, ExecutionException {
        String replies = round.cluster().topics().replies();
        round.struck();
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", round.cluster().bootstrap()))) {
            admin.deleteRecords(round.cluster().reader().positions().entrySet().stream()
                            .filter(position -> position.getKey().topic().equals(replies))
                            .collect(Collectors.toMap(
                                    Map.Entry::getKey, position -> RecordsToDelete.beforeOffset(position.getValue()))))
                    .all()
                    .get();
        }
        WorkerFaults.kill(round);
    }

    /** The broker gives up by itself, or is killed when it does not; it comes back when there is room again. */
    static void fillDisk(Round round) throws IOException, InterruptedException {
        round.struck();
        round.cluster().disk().fill();
        Round.pause(2000 + round.random().nextInt(2000));
        round.cluster().broker().process().kill();
        round.cluster().disk().free();
        round.cluster().broker().startAgain();
    }
}
