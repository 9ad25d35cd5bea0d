package dev.millrace.schemas.protocol;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Visits every state that can be reached, nearest first: so the counterexample that it finds is a shortest one. */
final class Checker {
    /**
     * What was found.
     *
     * @param violation null: none
     * @param trace what happened, step by step, up to the violation
     */
    record Finding(int states, long steps, @Nullable String violation, List<String> trace) {}

    private final Protocol protocol;
    private final Function<State, @Nullable String> violation;
    /** Each state visited, and the one it was reached from; the first was reached from itself. */
    private final Map<State, State> visited = new HashMap<>();

    private final Queue<State> ahead = new ArrayDeque<>();
    private long taken;

    private Checker(Protocol protocol, Function<State, @Nullable String> violation) {
        this.protocol = protocol;
        this.violation = violation;
    }

    /** Looks for a state that breaks any promise, or in which all wait for ever. */
    static Finding check(Protocol protocol) {
        return new Checker(protocol, protocol::violation).check();
    }

    /** Looks for something that a reader is shown and should not be, and for nothing else. */
    static Finding checkReaders(Protocol protocol) {
        return new Checker(protocol, state -> state.log().broken()).check();
    }

    private Finding check() {
        State initial = State.initial(protocol.bounds());
        visited.put(initial, initial);
        ahead.add(initial);
        for (State state = ahead.poll(); state != null; state = ahead.poll()) {
            String found = visit(state);
            if (found != null) {
                return new Finding(visited.size(), taken, found, trace(state));
            }
        }
        return new Finding(visited.size(), taken, null, List.of());
    }

    private @Nullable String visit(State state) {
        String found = violation.apply(state);
        if (found != null) {
            return found;
        }
        boolean goesOn = false;
        for (Step step : protocol.steps(state)) {
            taken++;
            goesOn |= step.due();
            if (visited.putIfAbsent(step.next(), state) == null) {
                ahead.add(step.next());
            }
        }
        return goesOn || protocol.over(state) ? null : "nobody does anything, and the prompt has not ended";
    }

    private List<String> trace(State last) {
        List<String> trace = new ArrayList<>();
        for (State state = last; ; ) {
            State reached = state;
            State before = visited.getOrDefault(state, state);
            if (before.equals(state)) {
                Collections.reverse(trace);
                return trace;
            }
            protocol.steps(before).stream()
                    .filter(step -> step.next().equals(reached))
                    .findFirst()
                    .ifPresent(step -> trace.add(step.label().get()));
            state = before;
        }
    }
}
