package dev.millrace.gateway.dialect;

import dev.millrace.schemas.event.TokenLogprob;
import dev.millrace.schemas.event.TokenLogprobs;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The {@code logprobs} of chat completions. */
final class Logprobs {
    /** The dialect's word for a probability of nothing: JSON has no infinity. */
    private static final float LEAST = -9999;

    private Logprobs() {}

    static JsonObject of(List<TokenLogprobs> tokens) {
        JsonArray content = new JsonArray();
        for (TokenLogprobs token : tokens) {
            JsonArray likeliest = new JsonArray();
            for (TokenLogprob other : token.getTop()) {
                likeliest.add(entry(other.getBytes(), other.getLogprob()));
            }
            content.add(entry(token.getBytes(), token.getLogprob()).put("top_logprobs", likeliest));
        }
        return new JsonObject().put("content", content).put("refusal", null);
    }

    /** A token may be a part of a character: its bytes are exact, its text may not be. */
    private static JsonObject entry(@Nullable List<Integer> bytes, float logprob) {
        List<Integer> known = bytes == null ? List.of() : bytes;
        byte[] text = new byte[known.size()];
        for (int i = 0; i < text.length; i++) {
            text[i] = known.get(i).byteValue();
        }
        return new JsonObject()
                .put("token", new String(text, StandardCharsets.UTF_8))
                .put("logprob", Math.max(logprob, LEAST))
                .put("bytes", bytes == null ? null : new JsonArray(known));
    }
}
