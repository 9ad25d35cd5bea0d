package dev.millrace.gateway.dialect;

import static dev.millrace.gateway.dialect.ErrorCode.INVALID_VALUE;
import static dev.millrace.gateway.dialect.ErrorCode.UNSUPPORTED_PARAMETER;

import dev.millrace.gateway.dialect.ClientEvent.CreateResponse;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Sampling;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the body of a chat completion. Stateless; takes tens of milliseconds for the largest prompt. */
public final class ChatRequestReader {
    private static final int LONGEST_NAME = 256;
    private static final int MOST_CHOICES = 16;
    private static final int MOST_LIKELIEST = 20;
    /** Three names of one thing; the first is ours. */
    private static final List<String> LIMITS = List.of("max_new_tokens", "max_completion_tokens", "max_tokens");
    /** Say nothing to a model, and are the client's own. */
    private static final List<String> OF_NO_MEANING =
            List.of("user", "metadata", "safety_identifier", "service_tier", "prompt_cache_retention");
    /** What OpenAI has and Millrace has not, with the value that asks for nothing. */
    private static final Map<String, Set<Object>> WITHOUT_EFFECT = Map.ofEntries(
            Map.entry("store", Set.of(false)),
            Map.entry("tools", Set.of(new JsonArray())),
            Map.entry("tool_choice", Set.of("none", "auto")),
            Map.entry("parallel_tool_calls", Set.of(true, false)),
            Map.entry("functions", Set.of(new JsonArray())),
            Map.entry("function_call", Set.of("none", "auto")),
            Map.entry("modalities", Set.of(new JsonArray().add("text"))),
            Map.entry("audio", Set.of()),
            Map.entry("prediction", Set.of()),
            Map.entry("web_search_options", Set.of()),
            Map.entry("reasoning_effort", Set.of("none")),
            Map.entry("verbosity", Set.of()));

    private ChatRequestReader() {}

    /** Reads the text of one body. */
    public static ChatRequest read(String body) throws BadEventException {
        Fields fields = new Fields(ClientEventReader.parse(body, "the body"), "");
        for (var unsupported : WITHOUT_EFFECT.entrySet()) {
            refuseEffect(fields, unsupported.getKey(), unsupported.getValue());
        }
        OF_NO_MEANING.forEach(fields::any);
        String model = fields.name("model", LONGEST_NAME);
        List<Message> messages = MessagesReader.chat(fields);
        Sampling sampling = sampling(fields);
        Integer choices = fields.integer("n", 1, MOST_CHOICES);
        boolean stream = Boolean.TRUE.equals(fields.flag("stream"));
        CreateResponse create = new CreateResponse(
                null,
                model,
                conversation(fields, messages),
                messages,
                sampling,
                fields.name("language", LONGEST_NAME),
                fields.name("adapter", LONGEST_NAME),
                false,
                Turn.alone(messages));
        boolean includeUsage = includeUsage(fields, stream);
        fields.refuseUnknown();
        return new ChatRequest(create, choices == null ? 1 : choices, stream, includeUsage);
    }

    /** One name for what shares a beginning, ours or OpenAI's; else made of the history. */
    private static String conversation(Fields fields, List<Message> messages) throws BadEventException {
        String ours = fields.name("conversation", LONGEST_NAME);
        String theirs = fields.name("prompt_cache_key", LONGEST_NAME);
        if (ours != null) {
            return ours;
        }
        return theirs == null ? ConversationKey.of(messages) : theirs;
    }

    private static Sampling sampling(Fields fields) throws BadEventException {
        return Sampling.newBuilder(SamplingReader.read(fields, LIMITS))
                .setResponseFormat(FormatReader.readChat(fields))
                .setLogprobs(logprobs(fields))
                .build();
    }

    private static @Nullable Integer logprobs(Fields fields) throws BadEventException {
        boolean asked = Boolean.TRUE.equals(fields.flag("logprobs"));
        Integer likeliest = fields.integer("top_logprobs", 0, MOST_LIKELIEST);
        if (likeliest != null && likeliest > 0 && !asked) {
            throw new BadEventException(INVALID_VALUE, "top_logprobs", "top_logprobs needs logprobs to be true");
        }
        return !asked ? null : likeliest == null ? Integer.valueOf(0) : likeliest;
    }

    private static boolean includeUsage(Fields fields, boolean stream) throws BadEventException {
        Fields options = fields.object("stream_options");
        if (options == null) {
            return false;
        }
        fields.require(stream, "stream_options", "needs stream to be true");
        boolean includeUsage = Boolean.TRUE.equals(options.flag("include_usage"));
        options.flag("include_obfuscation");
        options.refuseUnknown();
        return includeUsage;
    }

    private static void refuseEffect(Fields fields, String name, Set<Object> withoutEffect) throws BadEventException {
        Object value = fields.any(name);
        boolean empty = value instanceof JsonObject object && object.isEmpty();
        if (value != null && !empty && !withoutEffect.contains(value)) {
            throw new BadEventException(
                    UNSUPPORTED_PARAMETER, name, name + " is not supported with this value: leave it out");
        }
    }
}
