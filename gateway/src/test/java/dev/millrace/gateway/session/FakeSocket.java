package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.Utf8;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A socket whose client reads when it is told to. */
final class FakeSocket implements ClientSocket {
    final List<String> frames = new ArrayList<>();
    private final List<Promise<Void>> unread = new ArrayList<>();

    @Nullable
    CloseReason closed;

    @Override
    public Future<Void> write(String frame) {
        Promise<Void> read = Promise.promise();
        frames.add(frame);
        unread.add(read);
        return read.future();
    }

    /** Reads all that was written so far. */
    void read() {
        List<Promise<Void>> all = List.copyOf(unread);
        unread.clear();
        all.forEach(Promise::complete);
    }

    long unreadBytes() {
        int read = frames.size() - unread.size();
        return frames.stream().skip(read).mapToLong(Utf8::length).sum();
    }

    List<JsonObject> events() {
        return frames.stream().map(JsonObject::new).toList();
    }

    List<String> types() {
        return events().stream().map(event -> event.getString("type")).toList();
    }

    @Override
    public void pause() {}

    @Override
    public void resume() {}

    @Override
    public void close(CloseReason reason) {
        closed = reason;
    }
}
