package dev.millrace.worker.llama;

/** Text to tokens, for the model that is loaded. Thread-safe. */
public interface Tokenizer {
    /**
     * The tokens of plain text. Whatever the text contains, none of them is a control token: what looks like one is
     * spelt out in ordinary tokens. An unpaired surrogate counts as U+FFFD. No token is put before or after the text.
     */
    int[] tokenize(String text);

    /** What each token stands for. */
    Vocabulary vocabulary();
}
