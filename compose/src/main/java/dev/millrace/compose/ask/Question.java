package dev.millrace.compose.ask;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Sampling;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is asked, and of which broker. Whether the numbers are in range is the worker's to say.
 *
 * @param sampling what the environment leaves open is null: the worker's default
 */
record Question(String text, int kafkaPort, Sampling sampling) {

    /**
     * @param standardInput the text in UTF-8; standard input, because Java decodes the environment by the locale
     * @throws AskFailure if there is no text, or a variable does not hold what it should
     */
    static Question of(byte[] standardInput, Map<String, String> environment) {
        String text = decode(standardInput);
        if (text.isBlank()) {
            throw new AskFailure("there is nothing to ask: make ask PROMPT='your question'");
        }
        Integer port = variable(environment, "KAFKA_PORT", "a port", Integer::valueOf);
        Sampling sampling = Sampling.newBuilder()
                .setMaxNewTokens(variable(environment, "MAX_NEW_TOKENS", "a whole number", Integer::valueOf))
                .setTemperature(variable(environment, "TEMPERATURE", "a number, as in 0.7", Float::valueOf))
                .setSeed(variable(environment, "SEED", "a whole number", Long::valueOf))
                .build();
        return new Question(text, port == null ? 9092 : port, sampling);
    }

    private static String decode(byte[] utf8) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new AskFailure("PROMPT is not valid UTF-8", e);
        }
    }

    private static <T> @Nullable T variable(
            Map<String, String> environment, String name, String rule, Function<String, T> parse) {
        String value = environment.getOrDefault(name, "");
        try {
            return value.isBlank() ? null : parse.apply(value.strip());
        } catch (NumberFormatException e) {
            throw new AskFailure(name + " must be " + rule + ", not '" + value + "'", e);
        }
    }

    /** A prompt in a conversation of its own. */
    Prompt prompt(UUID id, ReplyAddress replyTo) {
        return Prompt.newBuilder()
                .setId(id)
                .setConversation("ask-" + id)
                .setMessages(List.of(new Message(Role.USER, text)))
                .setSampling(sampling)
                .setReplyTo(replyTo)
                .build();
    }
}
