package dev.millrace.worker.kafka;

import dev.millrace.schemas.TopicRules;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.worker.engine.Adapters;
import dev.millrace.worker.engine.ChatTemplate;
import dev.millrace.worker.engine.ErrorCode;
import dev.millrace.worker.engine.GenerationParameters;
import dev.millrace.worker.engine.GenerationRequest;
import dev.millrace.worker.engine.Language;
import dev.millrace.worker.engine.LanguageMasks;
import dev.millrace.worker.engine.PromptRefusedException;
import java.util.List;
import java.util.Objects;

/**
 * Checks a prompt and tokenises it. Takes milliseconds for a long one, so it runs on a thread pool beside claim and
 * read-back. Immutable and thread-safe.
 *
 * @param modelName the name that a prompt may ask for
 * @param modelId the digest of weights and tokenizer
 */
public record PromptPreparation(
        String modelName, String modelId, Adapters adapters, ChatTemplate template, LanguageMasks masks) {
    private static final int[] NOTHING_YET = {};
    private static final int HIGHEST_PRIORITY = 10;
    /** In characters of UTF-16, as at the gateway. */
    static final int LONGEST_CONVERSATION = 256;

    /** Without adapters. */
    public PromptPreparation(String modelName, String modelId, ChatTemplate template, LanguageMasks masks) {
        this(modelName, modelId, Adapters.NONE, template, masks);
    }

    /** By what the prompt is answered: the digest of weights and tokenizer, and that of the adapter if it names one. */
    String modelId(Prompt prompt) {
        return adapters.modelId(modelId, prompt.getAdapter());
    }

    /**
     * What to generate from index 0 on.
     *
     * @param appendedMs when the broker appended the prompt, in milliseconds since 1970
     */
    GenerationRequest prepare(Prompt prompt, long appendedMs) throws PromptRefusedException {
        if (prompt.getDeadline() != null
                && prompt.getDeadline().toEpochMilli() > appendedMs + TopicRules.LONGEST_DEADLINE_MS) {
            throw new PromptRefusedException(
                    ErrorCode.INVALID_PROMPT, "deadline", "deadline must be at most 24 hours after the prompt");
        }
        if (prompt.getConversation().length() > LONGEST_CONVERSATION) {
            throw new PromptRefusedException(
                    ErrorCode.INVALID_PROMPT,
                    "conversation",
                    "conversation must have at most " + LONGEST_CONVERSATION + " characters");
        }
        if (Math.abs(prompt.getPriority()) > HIGHEST_PRIORITY) {
            throw new PromptRefusedException(ErrorCode.INVALID_PROMPT, "priority", "priority must be from -10 to 10");
        }
        if (prompt.getModel() != null && !prompt.getModel().equals(modelName)) {
            throw new PromptRefusedException(
                    ErrorCode.MODEL_NOT_FOUND, "model", "this worker has the model " + modelName + " and no other");
        }
        int adapter = adapters.number(prompt.getAdapter());
        GenerationParameters parameters = GenerationParameters.of(prompt.getSampling(), prompt.getId());
        List<Message> messages = prompt.getMessages();
        if (prompt.getLanguage() != null) {
            Language language = Language.of(prompt.getLanguage());
            parameters = parameters.within(masks.of(language));
            messages = language.ask(messages);
        }
        return new GenerationRequest(
                prompt.getId(),
                template.tokenize(messages),
                NOTHING_YET,
                parameters,
                adapter,
                Objects.requireNonNullElse(prompt.getPrincipal(), GenerationRequest.NO_PRINCIPAL),
                prompt.getPriority(),
                false,
                prompt.getDeadline());
    }
}
