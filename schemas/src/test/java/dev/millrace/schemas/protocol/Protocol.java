package dev.millrace.schemas.protocol;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.protocol.Event.Claimed;
import dev.millrace.schemas.protocol.Event.Finished;
import dev.millrace.schemas.protocol.Event.Restarted;
import dev.millrace.schemas.protocol.Event.Tokens;
import dev.millrace.schemas.protocol.Session.Hold;
import dev.millrace.schemas.protocol.Session.Phase;
import dev.millrace.schemas.protocol.State.Source;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The delivery protocol: from each state, everything that can happen next. First what Kafka and the world do, then
 * what a session does.
 *
 * <p>What a session decides to send is in flight at once: that it was slow to hand it over looks the same from outside.
 * A paused worker is a session to which nothing happens for a while.
 *
 * @param without the rules that are switched off
 */
record Protocol(Bounds bounds, Set<Rule> without) {

    List<Step> steps(State state) {
        List<Step> steps = new ArrayList<>();
        for (int source = 0; source < state.sources().size(); source++) {
            assign(state, source, steps);
            loseMetadata(state, source, steps);
        }
        appendPrompt(state, steps);
        landLate(state, steps);
        for (Session session : state.sessions()) {
            if (session.open()) {
                land(state, session, steps);
                fail(state, session, steps);
                close(state, session, steps);
                work(state, session, steps);
            }
        }
        return steps;
    }

    /** What no reader may see and no group may forget; null: all is well. */
    @Nullable
    String violation(State state) {
        if (state.log().broken() != null) {
            return state.log().broken();
        }
        return state.committed() && !state.log().ended()
                ? "the offset is committed, and no terminal counts: the prompt never ends"
                : null;
    }

    /** Nobody will look at the prompt again, and rightly so where {@link #violation} finds nothing. */
    boolean over(State state) {
        return state.committed();
    }

    // What Kafka and the world do.

    /** The group gives the partition to a worker. Who had it is not told. */
    private void assign(State state, int partition, List<Step> steps) {
        Source source = state.sources().get(partition);
        boolean owned = state.owned(partition);
        if (source.committed() || (owned && (bounds.deadStaySilent() || !spare(state)))) {
            return;
        }
        for (int model = 1; model <= bounds.models(); model++) {
            for (long epoch : firstEpochs(state, source)) {
                for (long nonce : nonces(state)) {
                    Session fresh = begin(state, partition, model, epoch, nonce);
                    State next = commitEpoch(state, partition, on(Rule.EPOCH_RAISED) ? epoch : source.epoch());
                    next = next.withSessions(dispossess(next, partition)).with(fresh);
                    add(
                            steps,
                            !state.owned(partition),
                            next,
                            () -> fresh + " gets partition " + fresh.source() + " at epoch " + fresh.epoch()
                                    + (bounds.models() > 1 ? " with model " + fresh.model() : ""));
                }
            }
        }
    }

    private Session begin(State state, int partition, int model, long epoch, long nonce) {
        Session fresh = new Session(
                state.sessions().size(),
                partition,
                model,
                Hold.OWNER,
                Phase.WAITING,
                epoch,
                nonce,
                false,
                0,
                false,
                List.of());
        return state.appended() ? claim(state.log(), fresh) : fresh;
    }

    private static List<Session> dispossess(State state, int partition) {
        return state.sessions().stream()
                .map(session -> session.source() == partition && session.hold() == Hold.OWNER
                        ? session.with(Hold.ZOMBIE)
                        : session)
                .toList();
    }

    private Set<Long> firstEpochs(State state, Source source) {
        return on(Rule.EPOCH_RAISED) ? epochsAbove(source.epoch(), state) : Set.of(Math.max(source.epoch(), 1));
    }

    /** One more, or the time where that is more. */
    private Set<Long> epochsAbove(long epoch, State state) {
        Set<Long> epochs = new LinkedHashSet<>();
        if (on(Rule.EPOCHS_ARE_TIMES)) {
            epochs.add(Math.max(epoch, state.highestEpoch()) + 1);
        }
        if (!on(Rule.EPOCHS_ARE_TIMES) || bounds.clocksBehind()) {
            epochs.add(epoch + 1);
        }
        return epochs;
    }

    /** Above or below all earlier ones. It matters only where two sessions may have one epoch. */
    private Set<Long> nonces(State state) {
        long nonce = state.sessions().size() + 1L;
        boolean epochsDiffer = on(Rule.EPOCH_RAISED) && on(Rule.EPOCHS_ARE_TIMES) && !bounds.clocksBehind();
        return !epochsDiffer ? new LinkedHashSet<>(List.of(nonce, -nonce)) : Set.of(nonce);
    }

    private void loseMetadata(State state, int partition, List<Step> steps) {
        Source source = state.sources().get(partition);
        boolean left = !on(Rule.COMMITS_CARRY_EPOCH) || state.losses() > 0;
        if (left && source.epoch() > 0 && !source.committed()) {
            State next = commitEpoch(state, partition, 0);
            add(
                    steps,
                    false,
                    on(Rule.COMMITS_CARRY_EPOCH) ? next.withLoss() : next,
                    () -> "the epoch in the metadata of partition " + partition + " is lost");
        }
    }

    private void appendPrompt(State state, List<Step> steps) {
        if (!state.appended()) {
            List<Session> fetched = state.sessions().stream()
                    .map(session -> session.open() ? claim(state.log(), session.withNewer()) : session)
                    .toList();
            add(steps, true, state.withPrompt().withSessions(fetched), () -> "the prompt comes");
        }
    }

    private void landLate(State state, List<Step> steps) {
        for (Event event : state.limbo()) {
            State next = state.landed(event).with(state.log().append(event, without));
            add(steps, false, next, () -> "lands late: " + event);
        }
    }

    /** Appended, acknowledged, and the session acts on it. */
    private void land(State state, Session session, List<Step> steps) {
        if (session.inFlight().isEmpty()) {
            return;
        }
        Event event = session.inFlight().get(0);
        State landed = state.with(state.log().append(event, without));
        Session after = session.without(0);
        Supplier<String> label = () -> session + " lands " + event;
        if (event.writer().equals(session.writer()) && !session.failed()) {
            acknowledged(landed, after, event, label, steps);
        } else {
            add(steps, true, landed.with(after), label);
        }
    }

    /** Reported as failed, whatever becomes of it. */
    private void fail(State state, Session session, List<Step> steps) {
        for (int i = 0; state.failures() > 0 && i < session.inFlight().size(); i++) {
            Event event = session.inFlight().get(i);
            Session after = session.without(i);
            if (!on(Rule.FAILED_CLAIMS_AGAIN)) {
                after = after.sends(event);
            } else if (event.writer().equals(session.writer())) {
                after = after.withFailed();
            }
            State next = state.withFailure().withLimbo(List.of(event)).with(after);
            add(steps, false, next, () -> session + " is told that this failed: " + event);
        }
    }

    /** Killed, handed over, or back in the group: what is in flight lands in any order, or never. */
    private void close(State state, Session session, List<Step> steps) {
        if (session.hold() != Hold.OWNER || committed(state, session) || spare(state)) {
            State next = state.withLimbo(bounds.deadStaySilent() ? List.of() : session.inFlight());
            add(steps, false, next.with(session.closed()), () -> session + " closes, or is killed");
        }
        if (session.hold() == Hold.ZOMBIE && !on(Rule.REVOKED_CLOSES)) {
            add(
                    steps,
                    false,
                    state.with(session.with(Hold.REJOINED)),
                    () -> session + "'s worker is back in the group");
        }
    }

    /** Whether one more session may go: for every partition that nobody has, one that may begin is kept. */
    private boolean spare(State state) {
        long orphans = IntStream.range(0, state.sources().size())
                .filter(source -> !state.sources().get(source).committed() && !state.owned(source))
                .count();
        return state.sessions().size() + orphans < bounds.sessions();
    }

    private static boolean committed(State state, Session session) {
        return state.sources().get(session.source()).committed();
    }

    private boolean commitIsTaken(Session session) {
        return session.hold() != Hold.ZOMBIE || !on(Rule.COMMITS_ARE_FENCED);
    }

    private static State commitEpoch(State state, int partition, long epoch) {
        return state.with(
                partition, new Source(epoch, state.sources().get(partition).committed()));
    }

    // What a session does.

    private Session claim(Log log, Session session) {
        Event claim = new Claimed(session.writer(), session.source(), session.model());
        Session claimed = session.with(Phase.CLAIMED).sends(claim);
        if (on(Rule.CLAIM_FIRST)) {
            return claimed;
        }
        return decide(log.append(claim, without), claimed);
    }

    private void acknowledged(State state, Session session, Event event, Supplier<String> label, List<Step> steps) {
        if (event instanceof Claimed && session.phase() == Phase.CLAIMED) {
            readBack(state, session, label, steps);
        } else if (event instanceof Restarted && session.phase() == Phase.RESTARTED) {
            add(steps, true, state.with(session.with(Phase.GENERATING)), label);
        } else if (event instanceof Finished && session.phase() == Phase.FINISHED) {
            add(steps, true, state.with(session.with(Phase.COMMITTING)), label);
        } else {
            add(steps, true, state.with(session), label);
        }
    }

    private void readBack(State state, Session session, Supplier<String> label, List<Step> steps) {
        Session decided = decide(history(state.log(), session), session);
        boolean restarts = decided.inFlight().stream().anyMatch(Restarted.class::isInstance);
        add(steps, true, state.with(decided), () -> label.get() + (restarts ? ", and sends Restarted" : ""));
        if (state.trims() > 0) {
            State next = state.withTrim().with(finish(session, FinishReason.ERROR, session.next()));
            add(steps, false, next, () -> label.get() + ", and finds the beginning of the log deleted");
        }
        if (bounds.cancelled() && !on(Rule.CANCELLED_READS_BACK)) {
            add(steps, false, state.with(finish(session, FinishReason.CANCELLED, 0)), () -> label.get() + ", and ends");
        }
    }

    /** What the session knows of the log. */
    private Log history(Log log, Session session) {
        boolean reads = on(Rule.READ_BACK) && (on(Rule.READ_BACK_ALWAYS) || !session.newer());
        return reads
                ? log
                : Log.EMPTY.append(new Claimed(session.writer(), session.source(), session.model()), without);
    }

    private Session decide(Log history, Session session) {
        if (!history.isCurrent(session.writer(), without)) {
            return onSuperseded(history, session);
        } else if (history.ended()) {
            return session.with(Phase.COMMITTING);
        } else if (history.textModel() == 0 || history.textModel() == session.model()) {
            return session.with(Phase.GENERATING).withNext(history.next());
        } else if (!on(Rule.OTHER_MODEL_RESTARTS)) {
            return session.with(Phase.GENERATING).withNext(history.next());
        }
        Session restarts = session.sends(new Restarted(session.writer())).withNext(0);
        return restarts.with(on(Rule.RESTARTED_WAITS) ? Phase.RESTARTED : Phase.GENERATING);
    }

    private Session onSuperseded(Log history, Session session) {
        if (history.source() != session.source() && on(Rule.COPY_IS_LEFT)) {
            return session.with(Phase.COMMITTING);
        } else if (!on(Rule.SUPERSEDED_CLAIMS_AGAIN)) {
            return session.with(Phase.COMMITTING);
        }
        return session.withEpoch(Math.max(session.epoch(), history.epoch())).with(Phase.RAISING);
    }

    private void work(State state, Session session, List<Step> steps) {
        if (session.failed() && session.phase() != Phase.RAISING) {
            add(steps, true, state.with(session.with(Phase.RAISING)), () -> session + " hears of the failure");
        }
        if (session.phase() == Phase.RAISING) {
            raise(state, session, steps);
        } else if (session.phase() == Phase.GENERATING) {
            generate(state, session, steps);
        } else if (session.phase() == Phase.COMMITTING
                || (session.phase() == Phase.FINISHED && !on(Rule.COMMITTED_LAST))) {
            commit(state, session, steps);
        }
    }

    private void generate(State state, Session session, List<Step> steps) {
        for (int count = 1; session.next() + count <= Log.LENGTH; count++) {
            Event tokens = new Tokens(session.writer(), session.model(), session.next(), count);
            Session after = session.sends(tokens).withNext(session.next() + count);
            add(steps, true, state.with(after), () -> session + " sends " + tokens);
        }
        if (on(Rule.TERMINAL_WAITS) && (session.awaitsOwn() || session.failed())) {
            return;
        }
        if (session.next() == Log.LENGTH) {
            add(
                    steps,
                    true,
                    state.with(finish(session, FinishReason.STOP, session.next())),
                    () -> session + " sends its terminal");
        }
        if (bounds.cancelled()) {
            add(
                    steps,
                    false,
                    state.with(finish(session, FinishReason.CANCELLED, session.next())),
                    () -> session + " is cancelled and sends its terminal");
        }
    }

    private static Session finish(Session session, FinishReason reason, int tokens) {
        return session.sends(new Finished(session.writer(), reason, tokens)).with(Phase.FINISHED);
    }

    private void raise(State state, Session session, List<Step> steps) {
        if (!on(Rule.FAILED_RAISES) && session.failed()) {
            Session again = claim(state.log(), session.withEpoch(session.epoch()));
            add(steps, true, state.with(again), () -> session + " claims again at its epoch");
            return;
        }
        boolean commits = on(Rule.RAISES_ARE_COMMITTED);
        if (commits && !commitIsTaken(session)) {
            refused(state, session, steps);
            return;
        }
        for (long epoch : epochsAbove(session.epoch(), state)) {
            State raised = commits ? commitEpoch(state, session.source(), epoch) : state;
            Session again = claim(state.log(), session.withEpoch(epoch));
            add(steps, true, raised.with(again), () -> session + " raises its epoch to " + epoch + " and claims again");
        }
    }

    private void commit(State state, Session session, List<Step> steps) {
        if (commitIsTaken(session)) {
            State next = state.with(session.source(), new Source(session.epoch(), true))
                    .with(session.with(Phase.DONE));
            add(steps, true, next, () -> session + " commits the offset");
        } else {
            refused(state, session, steps);
        }
    }

    private static void refused(State state, Session session, List<Step> steps) {
        State next = state.withLimbo(session.inFlight()).with(session.closed());
        add(steps, true, next, () -> session + "'s commit is refused: it closes");
    }

    private static void add(List<Step> steps, boolean due, State next, Supplier<String> label) {
        steps.add(new Step(label, due, next));
    }

    private boolean on(Rule rule) {
        return !without.contains(rule);
    }
}
