package dev.millrace.gateway;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** The fields of a request that both dialects have. */
final class SamplingFields {
    private SamplingFields() {}

    static JsonObject all() {
        return new JsonObject()
                .put("max_new_tokens", 9)
                .put("temperature", 0.5)
                .put("top_p", 0.9)
                .put("top_k", 20)
                .put("min_p", 0)
                .put("repetition_penalty", 1.1)
                .put("presence_penalty", -1)
                .put("frequency_penalty", 1)
                .put("no_repeat_ngram_size", 3)
                .put("do_sample", true)
                .put("seed", 7)
                .put("stop", new JsonArray().add(FuzzTest.CANARY))
                .put("logit_bias", new JsonObject().put("1", 2.5))
                .put("loop_guard", false)
                .put("preset", "factual")
                .put("language", "fr")
                .put("adapter", FuzzTest.CANARY);
    }
}
