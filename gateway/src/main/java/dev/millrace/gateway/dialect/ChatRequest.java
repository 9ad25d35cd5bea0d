package dev.millrace.gateway.dialect;

import dev.millrace.gateway.dialect.ClientEvent.CreateResponse;
import dev.millrace.schemas.event.Sampling;

/**
 * A request for a chat completion, checked. Immutable.
 *
 * @param choices answers to the one prompt
 * @param stream as events; else whole
 * @param includeUsage a chunk with token counts ends the stream
 */
public record ChatRequest(CreateResponse create, int choices, boolean stream, boolean includeUsage) {
    /** An odd number whose multiples are spread over all of 64 bits. */
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    /** What asks for one choice. The first has the request's own seed, so it is the answer of a request for one. */
    public CreateResponse choice(int index) {
        Long seed = create.sampling().getSeed();
        if (seed == null || index == 0) {
            return create;
        }
        return create.with(Sampling.newBuilder(create.sampling())
                .setSeed(seed + index * SPREAD)
                .build());
    }

    /** Whether the log-probabilities of tokens are asked for. */
    public boolean logprobs() {
        return create.sampling().getLogprobs() != null;
    }
}
