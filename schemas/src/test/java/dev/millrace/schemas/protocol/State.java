package dev.millrace.schemas.protocol;

import dev.millrace.schemas.protocol.Session.Hold;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Everything at one moment.
 *
 * @param limbo events whose send failed, or whose worker was killed: each may still land, once, or never does
 * @param appended whether the prompt has been appended
 * @param failures that may still happen; so the other counts
 */
record State(
        Log log,
        List<Source> sources,
        List<Session> sessions,
        Set<Event> limbo,
        boolean appended,
        int failures,
        int losses,
        int trims) {

    /**
     * A partition of prompts that holds the prompt.
     *
     * @param epoch in the metadata of the committed offset; 0 where there is none
     * @param committed whether the committed offset is past the prompt
     */
    record Source(long epoch, boolean committed) {}

    static State initial(Bounds bounds) {
        Source untouched = new Source(0, false);
        return new State(
                Log.EMPTY,
                bounds.copies() == 2 ? List.of(untouched, untouched) : List.of(untouched),
                List.of(),
                Set.of(),
                !bounds.promptComesLater(),
                bounds.failures(),
                bounds.metadataLosses(),
                bounds.trims());
    }

    boolean committed() {
        return sources.stream().allMatch(Source::committed);
    }

    boolean owned(int source) {
        return sessions.stream().anyMatch(session -> session.source() == source && session.hold() == Hold.OWNER);
    }

    /** The highest epoch that was ever used: any clock that goes right is above it. */
    long highestEpoch() {
        long highest = log.epoch();
        for (Source source : sources) {
            highest = Math.max(highest, source.epoch());
        }
        for (Session session : sessions) {
            highest = Math.max(highest, session.epoch());
        }
        return Math.max(highest, 0);
    }

    State with(Log log) {
        return new State(log, sources, sessions, limbo, appended, failures, losses, trims);
    }

    State with(Session session) {
        List<Session> changed = new ArrayList<>(sessions);
        if (session.number() == changed.size()) {
            changed.add(session);
        } else {
            changed.set(session.number(), session);
        }
        return withSessions(changed);
    }

    State withSessions(List<Session> changed) {
        return new State(log, sources, List.copyOf(changed), limbo, appended, failures, losses, trims);
    }

    State with(int source, Source changed) {
        List<Source> all = new ArrayList<>(sources);
        all.set(source, changed);
        return new State(log, List.copyOf(all), sessions, limbo, appended, failures, losses, trims);
    }

    State withLimbo(List<Event> lost) {
        Set<Event> more = new LinkedHashSet<>(limbo);
        more.addAll(lost);
        return new State(log, sources, sessions, more, appended, failures, losses, trims);
    }

    State landed(Event event) {
        Set<Event> fewer = new LinkedHashSet<>(limbo);
        fewer.remove(event);
        return new State(log, sources, sessions, fewer, appended, failures, losses, trims);
    }

    State withPrompt() {
        return new State(log, sources, sessions, limbo, true, failures, losses, trims);
    }

    State withFailure() {
        return new State(log, sources, sessions, limbo, appended, failures - 1, losses, trims);
    }

    State withLoss() {
        return new State(log, sources, sessions, limbo, appended, failures, losses - 1, trims);
    }

    State withTrim() {
        return new State(log, sources, sessions, limbo, appended, failures, losses, trims - 1);
    }
}
