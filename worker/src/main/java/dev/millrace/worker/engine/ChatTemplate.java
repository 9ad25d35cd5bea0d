package dev.millrace.worker.engine;

import static dev.millrace.worker.engine.ErrorCode.INVALID_PROMPT;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import dev.millrace.worker.llama.Tokenizer;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * ChatML, the chat format of Qwen3-4B-Instruct-2507: {@code <|im_start|>role\ncontent<|im_end|>\n} for each message,
 * then an opened turn of the assistant. There is no default system part.
 *
 * <p>Each part is tokenised apart and the control tokens are set by id, so that nothing a user writes can become one.
 * Immutable; tokenising is thread-safe.
 */
public final class ChatTemplate {
    private final Tokenizer tokenizer;
    private final int imStart;
    private final int imEnd;
    private final int[] newline;

    /**
     * For the model of this tokenizer.
     *
     * @throws IllegalArgumentException when its vocabulary has no ChatML control tokens
     */
    public ChatTemplate(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.imStart = control("<|im_start|>");
        this.imEnd = control("<|im_end|>");
        this.newline = tokenizer.tokenize("\n");
    }

    /**
     * The tokens of a chat, up to where the assistant speaks.
     *
     * @throws PromptRefusedException {@code invalid_prompt} when there is no chat to answer
     */
    public int[] tokenize(List<Message> messages) throws PromptRefusedException {
        check(messages);
        IntStream.Builder tokens = IntStream.builder();
        for (Message message : messages) {
            open(message.getRole(), tokens);
            append(tokenizer.tokenize(message.getContent()), tokens);
            tokens.add(imEnd);
            append(newline, tokens);
        }
        open(Role.ASSISTANT, tokens);
        return tokens.build().toArray();
    }

    private void open(Role role, IntStream.Builder tokens) {
        tokens.add(imStart);
        append(tokenizer.tokenize(role.name().toLowerCase(Locale.ROOT) + "\n"), tokens);
    }

    private static void append(int[] part, IntStream.Builder tokens) {
        for (int token : part) {
            tokens.add(token);
        }
    }

    private static void check(List<Message> messages) throws PromptRefusedException {
        if (messages.isEmpty()) {
            throw new PromptRefusedException(INVALID_PROMPT, "messages", "messages must not be empty");
        }
        for (int i = 1; i < messages.size(); i++) {
            if (messages.get(i).getRole() == Role.SYSTEM) {
                throw new PromptRefusedException(
                        INVALID_PROMPT, "messages", "only the first message may have the role SYSTEM");
            }
        }
        if (messages.get(messages.size() - 1).getRole() != Role.USER) {
            throw new PromptRefusedException(INVALID_PROMPT, "messages", "the last message must have the role USER");
        }
    }

    private int control(String text) {
        return tokenizer
                .vocabulary()
                .control(text)
                .orElseThrow(() -> new IllegalArgumentException("the model's vocabulary lacks the control token " + text
                        + ": it is not a ChatML model such as Qwen3-4B-Instruct-2507"));
    }
}
