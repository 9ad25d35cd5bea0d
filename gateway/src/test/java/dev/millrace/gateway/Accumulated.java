package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** What a client has that makes a response of its events, each of which has to find what it speaks of. */
public final class Accumulated {
    private enum Stage {
        EMPTY,
        ITEM,
        PART,
        TEXT_DONE,
        PART_DONE,
        ITEM_DONE
    }

    private final StringBuilder text = new StringBuilder();
    private Stage stage = Stage.EMPTY;
    private JsonArray output = new JsonArray();

    private Accumulated() {}

    /** The text of a response of which all frames are here. */
    public static String text(List<JsonObject> frames) {
        Accumulated client = new Accumulated();
        for (JsonObject frame : frames) {
            client.onFrame(frame);
        }
        return client.text.toString();
    }

    private void onFrame(JsonObject frame) {
        String type = frame.getString("type");
        switch (type) {
            case "response.restarted" -> onRestarted(frame);
            case "response.output_item.added" -> move(frame, Stage.EMPTY, Stage.ITEM);
            case "response.content_part.added" -> move(frame, Stage.ITEM, Stage.PART);
            case "response.output_text.delta" -> {
                move(frame, Stage.PART, Stage.PART);
                text.append(frame.getString("delta"));
            }
            case "response.output_text.done" -> {
                move(frame, Stage.PART, Stage.TEXT_DONE);
                assertThat(frame.getString("text")).isEqualTo(text.toString());
            }
            case "response.content_part.done" -> {
                move(frame, Stage.TEXT_DONE, Stage.PART_DONE);
                assertThat(frame.getJsonObject("part").getString("text")).isEqualTo(text.toString());
            }
            case "response.output_item.done" -> {
                move(frame, Stage.PART_DONE, Stage.ITEM_DONE);
                output.add(frame.getJsonObject("item"));
            }
            case "response.completed", "response.incomplete" -> {
                assertThat(stage).as(type).isIn(Stage.EMPTY, Stage.ITEM_DONE);
                assertThat(frame.getJsonObject("response").getJsonArray("output"))
                        .isEqualTo(output);
            }
            default -> {}
        }
    }

    private void onRestarted(JsonObject frame) {
        assertThat(frame.getJsonObject("response").getJsonArray("output")).isEmpty();
        assertThat(stage).isLessThan(Stage.TEXT_DONE);
        stage = Stage.EMPTY;
        text.setLength(0);
        output = new JsonArray();
    }

    private void move(JsonObject frame, Stage from, Stage to) {
        assertThat(stage).as("before %s", frame).isEqualTo(from);
        stage = to;
    }
}
