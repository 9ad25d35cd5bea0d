package dev.millrace.worker.bench;

import dev.millrace.worker.engine.Language;
import java.util.Locale;

/** How the tokens of a load are chosen. */
enum Sampling {
    GREEDY,
    /** With {@link Load#TEMPERATURE} and what follows. */
    SAMPLED,
    /** Sampled, and kept to the scripts of {@link #LANGUAGE}. */
    MASKED;

    static final Language LANGUAGE = Language.TH;

    /** As {@code SAMPLINGS}, loads and reports have it. */
    static Sampling of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
