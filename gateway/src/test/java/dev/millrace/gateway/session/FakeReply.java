package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ApiError;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The answer to a client that reads all at once. */
final class FakeReply implements HttpReply {
    final List<String> frames = new ArrayList<>();
    boolean ended;

    @Nullable
    ApiError refusal;

    @Override
    public Future<Void> write(String frame) {
        frames.add(frame);
        return Future.succeededFuture();
    }

    @Override
    public boolean begun() {
        return !frames.isEmpty();
    }

    @Override
    public void answer(String json) {
        write(json);
        ended = true;
    }

    @Override
    public void refuse(ApiError error) {
        refusal = error;
        ended = true;
    }

    @Override
    public void end() {
        ended = true;
    }

    @Override
    public void pause() {}

    @Override
    public void resume() {}

    @Override
    public void close(CloseReason reason) {
        ended = true;
    }
}
