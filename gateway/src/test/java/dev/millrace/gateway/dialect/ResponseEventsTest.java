package dev.millrace.gateway.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResponseEventsTest {
    private static final UUID ID = UUID.fromString("0b9e7c1a-57a4-4d0e-9d53-0d2f6a1f3c11");
    private static final Usage USAGE = new Usage(7, 3, 2, 1);
    private static final Timings TIMINGS = new Timings(1.5, 2.5, 3.5);
    private static final Pace PACE = new Pace(12.5, 40.0);

    private final ResponseEvents events = new ResponseEvents(
            new ResumePoint(ID, 0, 0, Instant.ofEpochSecond(1_700_000_000), "c-1", "qwen", false, false),
            "sealed",
            false);

    @Test
    void numbersEventsAsItIsTold() {
        assertThat(json(events.created("e", "c")).getInteger("sequence_number")).isZero();
        assertThat(json(events.delta(5, "a")).getInteger("sequence_number")).isEqualTo(5);
    }

    @Test
    void saysWhichRequestItAccepts() {
        JsonObject created = json(events.created("mine", "sealed"));

        assertThat(created.getString("event_id")).isEqualTo("mine");
        assertThat(created.getString("cursor")).isEqualTo("sealed");
        assertThat(created.getString("response_id")).isEqualTo(ID.toString());
        assertThat(created.getJsonObject("response"))
                .isEqualTo(new JsonObject()
                        .put("id", "resp_sealed")
                        .put("object", "response")
                        .put("created_at", 1_700_000_000)
                        .put("status", "queued")
                        .put("background", false)
                        .put("store", false)
                        .put("model", "qwen")
                        .put("conversation", new JsonObject().put("id", "c-1"))
                        .put("error", null)
                        .put("incomplete_details", null)
                        .put("output", new JsonArray())
                        .put("usage", null));
    }

    @Test
    void placesDeltasAsTheDialectDoes() {
        JsonObject delta = json(events.delta(5, "𝄞"));

        assertThat(delta.getString("delta")).isEqualTo("𝄞");
        assertThat(delta.getString("item_id")).isEqualTo("msg_" + ID);
        assertThat(delta.getInteger("output_index")).isZero();
        assertThat(delta.getInteger("content_index")).isZero();
    }

    @Test
    void buildsTheMessageThatTheEndHas() {
        Ending ending = new Ending(FinishReason.LENGTH, USAGE, TIMINGS, null);

        JsonObject added = json(events.itemAdded(5));
        JsonObject part = json(events.partAdded(6));
        JsonObject partDone = json(events.partDone(7, "text"));
        JsonObject itemDone = json(events.itemDone(8, ending, "text"));
        JsonObject response = json(events.ended(9, ending, "text", PACE)).getJsonObject("response");

        assertThat(added.getJsonObject("item"))
                .isEqualTo(new JsonObject()
                        .put("id", "msg_" + ID)
                        .put("type", "message")
                        .put("role", "assistant")
                        .put("status", "in_progress")
                        .put("content", new JsonArray()));
        assertThat(added.getInteger("output_index")).isZero();
        assertThat(part.getString("item_id")).isEqualTo("msg_" + ID);
        assertThat(part.getInteger("output_index")).isZero();
        assertThat(part.getInteger("content_index")).isZero();
        assertThat(part.getJsonObject("part"))
                .isEqualTo(new JsonObject()
                        .put("type", "output_text")
                        .put("text", "")
                        .put("annotations", new JsonArray()));
        assertThat(partDone.getJsonObject("part").getString("text")).isEqualTo("text");
        assertThat(itemDone.getJsonObject("item").getString("status")).isEqualTo("incomplete");
        assertThat(response.getJsonArray("output")).containsExactly(itemDone.getJsonObject("item"));
    }

    @Test
    void hasOnlyNamesOverHttpThatItsClientsKnow() {
        ResponseEvents http = new ResponseEvents(
                new ResumePoint(ID, 0, 0, Instant.ofEpochSecond(1_700_000_000), "c-1", "qwen", false, false),
                "sealed",
                true);

        assertThat(http.progress(5, 1, 2))
                .startsWith("event: response.in_progress\ndata: {\"type\":\"response.in_progress\"");
        assertThat(http.restarted(5, "model_changed"))
                .startsWith("event: response.in_progress\ndata: {\"type\":\"response.in_progress\"")
                .contains("\"reason\":\"model_changed\"", "\"output\":[]");
    }

    @Test
    void tellsUsageAndTimingsAtTheEnd() {
        JsonObject response = json(events.ended(5, new Ending(FinishReason.STOP, USAGE, TIMINGS, null), "text", PACE))
                .getJsonObject("response");

        assertThat(response.getJsonObject("usage"))
                .isEqualTo(new JsonObject()
                        .put("input_tokens", 7)
                        .put("input_tokens_details", new JsonObject().put("cached_tokens", 2))
                        .put("output_tokens", 3)
                        .put(
                                "output_tokens_details",
                                new JsonObject().put("reasoning_tokens", 0).put("masked_tokens", 1))
                        .put("total_tokens", 10));
        assertThat(response.getJsonObject("timings"))
                .isEqualTo(new JsonObject()
                        .put("queue_ms", 1.5)
                        .put("prefill_ms", 2.5)
                        .put("decode_ms", 3.5)
                        .put("time_to_first_token_ms", 12.5)
                        .put("tokens_per_second", 40.0));
        assertThat(response.getJsonArray("output")
                        .getJsonObject(0)
                        .getJsonArray("content")
                        .getJsonObject(0)
                        .getString("text"))
                .isEqualTo("text");
    }

    @ParameterizedTest
    @CsvSource({
        "STOP,response.completed,completed,",
        "LENGTH,response.incomplete,incomplete,max_output_tokens",
        "REPETITION,response.incomplete,incomplete,repetition",
        "CANCELLED,response.incomplete,incomplete,cancelled",
        "EXPIRED,response.incomplete,incomplete,expired",
        "UNKNOWN,response.incomplete,incomplete,unknown",
    })
    void hasAnEventForEveryWayToEnd(FinishReason reason, String type, String status, String incompleteReason) {
        JsonObject event = json(events.ended(5, new Ending(reason, USAGE, TIMINGS, null), "text", PACE));

        assertThat(event.getString("type")).isEqualTo(type);
        assertThat(event.getJsonObject("response").getString("status")).isEqualTo(status);
        JsonObject details = event.getJsonObject("response").getJsonObject("incomplete_details");
        assertThat(details == null ? null : details.getString("reason")).isEqualTo(incompleteReason);
    }

    @Test
    void namesTheFormatAsTheDialectDoes() {
        assertThat(ResponseObject.nameInDialect("sampling.responseFormat.schema"))
                .isEqualTo("text.format.schema");
    }

    @Test
    void namesTheFieldAtFaultAsTheDialectDoes() {
        Failure failure = new Failure("unsupported_parameter", "not supported", "sampling.noRepeatNgramSize");

        JsonObject event = json(events.ended(5, new Ending(FinishReason.ERROR, USAGE, TIMINGS, failure), "", PACE));

        assertThat(event.getString("type")).isEqualTo("response.failed");
        assertThat(event.getJsonObject("response").getJsonObject("error"))
                .isEqualTo(new JsonObject()
                        .put("code", "unsupported_parameter")
                        .put("message", "not supported")
                        .put("param", "no_repeat_ngram_size"));
        assertThat(event.getJsonObject("response").getJsonArray("output")).isEmpty();
    }

    @Test
    void leavesOutWhatNobodySaid() {
        JsonObject response = json(events.ended(
                        5, Ending.failed(ErrorCode.PROMPT_NOT_SENT, "try again"), "", new Pace(null, null)))
                .getJsonObject("response");

        assertThat(response.getJsonObject("usage")).isNull();
        assertThat(response.getJsonObject("timings").getDouble("queue_ms")).isNull();
        assertThat(response.getJsonObject("error").getString("code")).isEqualTo("prompt_not_sent");
    }

    private static JsonObject json(String frame) {
        return new JsonObject(frame);
    }
}
