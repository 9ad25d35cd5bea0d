package dev.millrace.compose.stack;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Sampling;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/**
 * What the demo model answers at temperature 0, as PyTorch computed it.
 *
 * @param language ISO 639-1
 * @param promptTokens of the whole prompt as the model reads it
 * @param answerIds without the token that ends the turn
 * @param finish stop or length
 */
public record Expected(
        String id,
        String language,
        List<Message> messages,
        int promptTokens,
        List<Integer> answerIds,
        String answer,
        String finish) {

    private static final Path FILE = Path.of("../worker/demo-model/expected.jsonl");
    private static final Path BRIEF = Path.of("../worker/demo-model/adapters/brief.expected.jsonl");

    /** More than any answer in the file has. */
    private static final int MAX_ANSWER_TOKENS = 2048;

    public static List<Expected> all() throws IOException {
        return read(FILE);
    }

    /** What it answers with the adapter {@code brief}. */
    static List<Expected> brief() throws IOException {
        return read(BRIEF);
    }

    private static List<Expected> read(Path file) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        return Files.readAllLines(file).stream()
                .map(line -> parse(mapper, line))
                .toList();
    }

    /** Long enough to be interrupted. */
    public static Expected longest() throws IOException {
        return all().stream()
                .max(Comparator.comparingInt(expected -> expected.answerIds().size()))
                .orElseThrow();
    }

    private static Expected parse(ObjectMapper mapper, String line) {
        try {
            JsonNode json = mapper.readTree(line);
            List<Message> messages = new ArrayList<>();
            json.get("messages")
                    .forEach(message -> messages.add(new Message(
                            Role.valueOf(message.get("role").asText().toUpperCase(Locale.ROOT)),
                            message.get("content").asText())));
            List<Integer> ids = new ArrayList<>();
            json.get("answerIds").forEach(token -> ids.add(token.asInt()));
            return new Expected(
                    json.get("id").asText(),
                    json.get("language").asText(),
                    messages,
                    json.get("promptIds").size(),
                    ids,
                    json.get("answer").asText(),
                    json.get("finish").asText());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** In a conversation of its own. */
    public Prompt greedyPrompt() {
        return prompt(Sampling.newBuilder().setTemperature(0f));
    }

    Prompt prompt(Sampling.Builder sampling) {
        UUID id = UUID.randomUUID();
        return Prompt.newBuilder()
                .setId(id)
                .setConversation("test-" + id)
                .setMessages(messages)
                .setSampling(sampling.setMaxNewTokens(MAX_ANSWER_TOKENS).build())
                .build();
    }
}
