package dev.millrace.schemas;

import java.util.List;

/** Existing topics are not as the system needs them; an operator has to change them. Lists everything at once. */
public final class TopicContradictionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> contradictions;

    TopicContradictionException(List<String> contradictions) {
        super("Existing topics contradict the rules:\n  " + String.join("\n  ", contradictions));
        this.contradictions = List.copyOf(contradictions);
    }

    /** One line for each, with the topic, what it has and what it must have. */
    public List<String> contradictions() {
        return contradictions;
    }
}
