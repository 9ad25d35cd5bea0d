package dev.millrace.worker.engine;

import dev.millrace.worker.llama.ScriptMask;
import dev.millrace.worker.llama.Vocabulary;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What keeps the completions of one model to the scripts of a language. Thread-safe; a mask is made when first needed. */
public final class LanguageMasks {
    private final Vocabulary vocabulary;
    private final Map<Language, ScriptMask> masks = new ConcurrentHashMap<>();

    public LanguageMasks(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    public ScriptMask of(Language language) {
        return masks.computeIfAbsent(language, of -> ScriptMask.of(vocabulary, of.characters()));
    }
}
