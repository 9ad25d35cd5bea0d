package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ApiError;
import dev.millrace.gateway.dialect.ChatEvents;
import dev.millrace.gateway.dialect.ChatRequest;
import dev.millrace.gateway.dialect.ChatRequestReader;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.ReplyStream;
import io.vertx.core.Context;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One chat completion over HTTP. Its choices are prompts of their own; what goes wrong with one ends them all. Owned by
 * the connection's event loop, as is all it has.
 */
public final class ChatSession extends HttpSession {
    private final ResponseStarter starter;
    private final List<ChatRun> choices = new ArrayList<>();
    private @Nullable ChatRequest request;
    private @Nullable ChatEvents events;
    private int told;

    /** Of a request that has just come, on its event loop. */
    public ChatSession(Context context, HttpReply reply, Exchange exchange) {
        super(context, reply, exchange);
        this.starter = new ResponseStarter(context, exchange, outbox, responses);
    }

    /** The request's body, all of it. */
    public void onBody(String body) {
        read(body.length(), () -> ChatRequestReader.read(body), this::start);
    }

    private void start(ChatRequest asked) {
        if (!hasModel(asked.create().model())) {
            return;
        }
        request = asked;
        for (int choice = 0; choice < asked.choices(); choice++) {
            Cursor start = responses.subscribe();
            starter.start(asked.choice(choice), start, choice(start, asked));
        }
    }

    /** The next one. The completion is named by the prompt of its first. */
    private ChatRun choice(Cursor start, ChatRequest asked) {
        if (events == null) {
            String model = asked.create().model();
            events = new ChatEvents(
                    start.promptId().toString(),
                    Instant.now(),
                    model == null ? exchange.models().usual() : model,
                    asked);
        }
        ResponseClock clock = new ResponseClock(System::nanoTime);
        ChatRun run = new ChatRun(choices.size(), this, events, ReplyStream.resume(start), clock, exchange.metrics());
        choices.add(run);
        return run;
    }

    @Override
    boolean streams() {
        return request != null && request.stream();
    }

    /** A choice has come to its end, and the client has all of it that is told before the others. */
    void onTold() {
        told++;
        if (request == null || events == null || told < request.choices()) {
            return;
        }
        var all = choices.stream().map(ChatRun::choice).toList();
        if (!request.stream()) {
            answer(events.whole(all));
            return;
        }
        if (request.includeUsage()) {
            outbox.write(events.total(all));
        }
        outbox.write(ChatEvents.DONE);
        onStreamComplete();
    }

    @Override
    void tellFailure(ApiError error) {
        outbox.write(ChatEvents.failed(error));
        outbox.write(ChatEvents.DONE);
    }

    /** What it missed is nowhere to be had in this dialect. */
    @Override
    String slowConsumer() {
        ApiError error = ApiError.of(ErrorCode.SLOW_CONSUMER, "more waits for this client than may");
        return ChatEvents.failed(error) + ChatEvents.DONE;
    }

    @Override
    void onGatewayStops() {
        fail(ApiError.of(ErrorCode.GATEWAY_STOPS, "this gateway stops: ask again"));
    }
}
