package dev.millrace.process;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whether this process works, component by component.
 *
 * <p>Two sides meet here: each component reports from the thread that owns it, and the {@link OperationsServer} reads
 * on its event loop. Every report replaces the component's last one whole, so neither side waits for the other.
 */
public final class Health {
    /** What a component last said of itself. Reasons are for operators: short, one line, no text of a prompt. */
    public sealed interface State {
        /** Works towards being ready. */
        record Starting(String reason) implements State {}

        /** Does its work. */
        record Ready() implements State {}

        /** Cannot go on; only a new process helps. */
        record Failed(String reason) implements State {}
    }

    private final Map<String, State> states = new ConcurrentHashMap<>();

    /** A component by its name, not ready until it says so. Declare all of them before the process starts its work. */
    public Component component(String name) {
        states.putIfAbsent(name, new State.Starting("not started yet"));
        return new Component(name);
    }

    /** What each component last said, by name; a snapshot. */
    public Map<String, State> states() {
        return new TreeMap<>(states);
    }

    /** One component's end of it. Any thread, but one at a time: the owner of the component. */
    public final class Component {
        private final String name;

        private Component(String name) {
            this.name = name;
        }

        /** Not ready, but getting there; also for a ready component that has to start again. */
        public void starting(String reason) {
            states.put(name, new State.Starting(reason));
        }

        public void ready() {
            states.put(name, new State.Ready());
        }

        /** Broken for good: whoever watches the process shall replace it. */
        public void failed(String reason) {
            states.put(name, new State.Failed(reason));
        }
    }
}
