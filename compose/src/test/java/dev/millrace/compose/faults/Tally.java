package dev.millrace.compose.faults;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The counts of one row. Owned by the main thread. */
final class Tally {

    /** Of the tokens that readers got, a planned restart may have as many thousandths generated twice. */
    private static final int MOST_WASTED_PER_MILLE = 1;

    private final Row row;
    private final List<Long> silencesMs = new ArrayList<>();
    private int faults;
    private int tokens;
    private int continued;
    private int restarted;
    private int historyLost;
    private int gaps;
    private int repeats;
    private int lost;
    private int unterminated;
    private int unequal;
    private int wasted;

    Tally(Row row) {
        this.row = row;
    }

    void add(Round round) {
        faults += round.faultsNanos().size();
        unterminated += round.unterminated();
        round.streams().forEach(stream -> add(stream, round.faultsNanos()));
    }

    void add(GatewayRound round) {
        faults += round.faults();
        unterminated +=
                (int) round.streams().stream().filter(stream -> !stream.done()).count();
        round.streams().forEach(stream -> add(stream, round.faultsNanos()));
    }

    private void add(Seen stream, List<Long> faultsNanos) {
        tokens += stream.delivered();
        wasted += stream.wasted();
        continued += stream.continued() ? 1 : 0;
        restarted += stream.restarts();
        historyLost += stream.historyLost() ? 1 : 0;
        gaps += stream.gaps();
        repeats += stream.repeats();
        lost += stream.lost();
        unequal += stream.unequal() ? 1 : 0;
        faultsNanos.stream()
                .filter(stream::hitBy)
                .findFirst()
                .ifPresent(
                        faultNanos -> silencesMs.add(TimeUnit.NANOSECONDS.toMillis(stream.silenceNanos(faultNanos))));
    }

    /** Streams that a second reader saw differently. */
    void addDisagreements(long streams) {
        unequal += (int) streams;
    }

    boolean failed() {
        return !complaints().isEmpty();
    }

    List<String> complaints() {
        List<String> complaints = new ArrayList<>();
        complainIf(gaps + repeats + lost + unterminated + unequal > 0, "a stream is not whole", complaints);
        complainIf(silencesMs.isEmpty(), "no stream was hit", complaints);
        complainIf(row.sign() == Row.Sign.CONTINUED && continued == 0, "nothing was taken over", complaints);
        complainIf((row.sign() == Row.Sign.RESTARTED) != (restarted > 0), "restarted: " + restarted, complaints);
        complainIf(
                (row.sign() == Row.Sign.HISTORY_LOST) != (historyLost > 0), "history lost: " + historyLost, complaints);
        complainIf(
                row == Row.ROLLING_RESTART && wasted * 1000L >= (long) MOST_WASTED_PER_MILLE * tokens,
                "generated twice: " + wasted,
                complaints);
        return complaints;
    }

    private static void complainIf(boolean wrong, String complaint, List<String> complaints) {
        if (wrong) {
            complaints.add(complaint);
        }
    }

    int faults() {
        return faults;
    }

    int hitStreams() {
        return silencesMs.size();
    }

    /** For scripts. */
    String line() {
        return "FAULT %s faults=%d hit_streams=%d tokens=%d continued=%d restarted=%d history_lost=%d gaps=%d repeats=%d lost=%d unterminated=%d unequal=%d silence_p50_ms=%d silence_max_ms=%d generated_twice=%d"
                .formatted(cells());
    }

    static String tableHead() {
        return """
            | row | faults | hit streams | tokens | continued | restarted | history lost | gaps | repeats | lost | unterminated | unequal | silence p50, ms | silence max, ms | generated twice |
            |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
            """;
    }

    String tableRow() {
        return "| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |%n".formatted(cells());
    }

    private Object[] cells() {
        return new Object[] {
            row.id(),
            faults,
            hitStreams(),
            tokens,
            continued,
            restarted,
            historyLost,
            gaps,
            repeats,
            lost,
            unterminated,
            unequal,
            silence(0.5),
            silence(1),
            wasted
        };
    }

    private long silence(double share) {
        if (silencesMs.isEmpty()) {
            return 0;
        }
        Collections.sort(silencesMs);
        return silencesMs.get((int) Math.ceil(share * silencesMs.size()) - 1);
    }
}
