package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.Claim;
import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** All that a reader has of one prompt so far. Owned by the test's thread. */
public final class Reply {

    private final ReplyStream stream;
    private final StringBuilder text = new StringBuilder();
    private final List<Integer> ids = new ArrayList<>();
    private final List<Claim> claims = new ArrayList<>();
    private int starts;
    private int terminalEvents;
    private @Nullable Finished finished;

    Reply(String topic, int partition, UUID promptId) {
        stream = new ReplyStream(topic, partition, promptId);
    }

    void accept(long offset, ReplyEvent event) {
        checkText(event.getBody());
        Delivery delivery = stream.accept(offset, event);
        if (delivery instanceof Delivery.Accepted accepted) {
            claims.add(accepted.claim());
        } else if (delivery instanceof Delivery.Progressed progressed
                && progressed.progress().getQueuePosition() == null) {
            starts++;
        } else if (delivery instanceof Delivery.Text chunk) {
            text.append(chunk.text());
            ids.addAll(chunk.ids());
        } else if (delivery instanceof Delivery.Ended ended) {
            text.append(ended.finished().getText());
            finished = ended.finished();
        }
    }

    /** Of every event, whether it counts or not: Avro reads bytes that are no character as U+FFFD. */
    private void checkText(Object body) {
        if (body instanceof Tokens tokens) {
            assertWholeCharacters(tokens.getText());
        } else if (body instanceof Finished end) {
            terminalEvents++;
            assertWholeCharacters(end.getText());
        }
    }

    private static void assertWholeCharacters(String text) {
        try {
            StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
        } catch (CharacterCodingException e) {
            throw new AssertionError("half a character in " + text, e);
        }
        assertThat(text).doesNotContain("\uFFFD");
    }

    public String text() {
        return text.toString();
    }

    public List<Integer> ids() {
        return ids;
    }

    public List<Claim> claims() {
        return claims;
    }

    /** How often a device took it up. */
    int starts() {
        return starts;
    }

    int terminalEvents() {
        return terminalEvents;
    }

    public boolean ended() {
        return stream.ended();
    }

    /** Only after the end. */
    public Finished finished() {
        if (finished == null) {
            throw new AssertionError("it has not ended");
        }
        return finished;
    }
}
