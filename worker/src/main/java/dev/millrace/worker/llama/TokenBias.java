package dev.millrace.worker.llama;

/** An addition to one token's score. */
public record TokenBias(int token, float bias) {}
