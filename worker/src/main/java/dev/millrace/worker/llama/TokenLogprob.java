package dev.millrace.worker.llama;

/**
 * How likely the model found a token at some place.
 *
 * @param logprob natural logarithm of its probability under the raw scores, before any sampling setting; at most 0
 */
public record TokenLogprob(int token, float logprob) {}
