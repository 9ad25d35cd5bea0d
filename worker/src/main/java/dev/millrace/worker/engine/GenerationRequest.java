package dev.millrace.worker.engine;

import dev.millrace.worker.llama.Decoder;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One completion to generate, or to continue.
 *
 * @param promptTokens the prompt's token ids after the chat template; the array is not copied and must not change
 * @param completionTokens the completion's ids so far, from index 0; empty for one that starts. Likewise not copied
 * @param adapter its number on the device
 * @param principal on whose behalf; the share of the device is fair between principals
 * @param priority higher goes first
 * @param alone whether nothing else may run on the device until the completion is on its way
 * @param deadline after it the completion ends with EXPIRED; null: none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy of 256K tokens would be a waste
public record GenerationRequest(
        UUID promptId,
        int[] promptTokens,
        int[] completionTokens,
        GenerationParameters parameters,
        int adapter,
        String principal,
        int priority,
        boolean alone,
        @Nullable Instant deadline) {
    /** Prompts that name no principal share one. */
    public static final String NO_PRINCIPAL = "";

    public GenerationRequest {
        if (promptTokens.length == 0) {
            throw new IllegalArgumentException("a prompt has at least one token");
        }
    }

    /** Without an adapter. */
    public GenerationRequest(
            UUID promptId,
            int[] promptTokens,
            int[] completionTokens,
            GenerationParameters parameters,
            String principal,
            int priority,
            boolean alone,
            @Nullable Instant deadline) {
        this(
                promptId,
                promptTokens,
                completionTokens,
                parameters,
                Decoder.NO_ADAPTER,
                principal,
                priority,
                alone,
                deadline);
    }

    /** The same, computed with this adapter. */
    public GenerationRequest with(int adapter) {
        return new GenerationRequest(
                promptId, promptTokens, completionTokens, parameters, adapter, principal, priority, alone, deadline);
    }

    /** The same, going on after these tokens of the completion. */
    public GenerationRequest continuing(List<Integer> ids) {
        int[] tokens = ids.stream().mapToInt(Integer::intValue).toArray();
        return new GenerationRequest(
                promptId, promptTokens, tokens, parameters, adapter, principal, priority, alone, deadline);
    }

    /** The same, beginning with the device for itself. */
    public GenerationRequest onItsOwn() {
        return new GenerationRequest(
                promptId, promptTokens, completionTokens, parameters, adapter, principal, priority, true, deadline);
    }
}
