package dev.millrace.compose.faults;

import java.util.Arrays;
import java.util.Locale;

/** The rows of the matrix, in the order in which they run: those of one layout together, the last of it spoils most. */
enum Row {
    KILL_WORKER(Layout.PLAIN, Sign.CONTINUED),
    TERM_WORKER(Layout.PLAIN, Sign.CONTINUED),
    ZOMBIE(Layout.PLAIN, Sign.CONTINUED),
    TWO_ZOMBIES(Layout.PLAIN, Sign.CONTINUED),
    KILL_BROKER(Layout.PLAIN, Sign.NONE),
    CUT_OFF(Layout.PLAIN, Sign.NONE),
    KILL_TAKEOVER(Layout.PLAIN, Sign.CONTINUED),
    HOSTILE(Layout.PLAIN, Sign.CONTINUED),
    ROLLING_RESTART(Layout.PLAIN, Sign.CONTINUED),
    EXPIRED_LOG(Layout.PLAIN, Sign.HISTORY_LOST),
    KILL_GATEWAY(Layout.GATEWAYS, Sign.CONTINUED),
    FLICKERING_CLIENT(Layout.GATEWAYS, Sign.CONTINUED),
    ROLLING_GATEWAYS(Layout.GATEWAYS, Sign.CONTINUED),
    OTHER_MODEL(Layout.TWO_MODELS, Sign.RESTARTED),
    LONG_OUTAGE(Layout.SHORT_DELIVERY, Sign.CONTINUED),
    DISK_FULL(Layout.SMALL_DISK, Sign.NONE);

    /** What tells that the fault had its effect: a row without it has tested nothing. */
    enum Sign {
        NONE,
        CONTINUED,
        /** Allowed nowhere else. */
        RESTARTED,
        /** Allowed nowhere else. */
        HISTORY_LOST
    }

    private final Layout layout;
    private final Sign sign;

    Row(Layout layout, Sign sign) {
        this.layout = layout;
        this.sign = sign;
    }

    static Row named(String id) {
        return Arrays.stream(values())
                .filter(row -> row.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no row " + id));
    }

    String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    Layout layout() {
        return layout;
    }

    Sign sign() {
        return sign;
    }

    /** Returns when what was broken is whole or replaced, which need not be ready yet. */
    void strike(Round round) throws Exception {
        switch (this) {
            case KILL_WORKER, OTHER_MODEL -> WorkerFaults.kill(round);
            case TERM_WORKER -> WorkerFaults.terminate(round);
            case ZOMBIE -> WorkerFaults.freezeBeyondTheSession(round);
            case TWO_ZOMBIES -> WorkerFaults.freezeTwo(round);
            case KILL_BROKER -> BrokerFaults.kill(round);
            case CUT_OFF -> BrokerFaults.cutOff(round);
            case KILL_TAKEOVER -> WorkerFaults.killWhoTakesOver(round);
            case HOSTILE -> Hostile.strike(round);
            case ROLLING_RESTART -> WorkerFaults.restartAll(round);
            case EXPIRED_LOG -> BrokerFaults.expireLog(round);
            case LONG_OUTAGE -> BrokerFaults.outlastDelivery(round);
            case DISK_FULL -> BrokerFaults.fillDisk(round);
            case KILL_GATEWAY, FLICKERING_CLIENT, ROLLING_GATEWAYS ->
                throw new IllegalStateException("a matter of a gateway's round");
        }
    }
}
