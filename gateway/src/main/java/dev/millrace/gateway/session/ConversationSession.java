package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ApiError;
import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ConversationId;
import dev.millrace.gateway.dialect.ConversationObject;
import dev.millrace.gateway.dialect.Deletion;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.schemas.event.KeptConversation;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/**
 * One request about a kept conversation over HTTP: to create it, to look at it, to delete it. Owned by the connection's
 * event loop, as is all it has.
 */
public final class ConversationSession extends HttpSession {
    private final KeptTurns turns;

    /** Of a request that has just come, on its event loop. */
    public ConversationSession(Context context, HttpReply reply, Exchange exchange) {
        super(context, reply, exchange);
        this.turns = new KeptTurns(context, exchange);
    }

    /** Creates what this body asks for. */
    public void create(String body) {
        read(body.length(), () -> ConversationObject.readBody(body), this::create);
    }

    private void create(Map<String, String> metadata) {
        UUID id = UUID.randomUUID();
        KeptConversation conversation = new KeptConversation(Instant.now(), metadata, null);
        String name = ConversationId.of(id, exchange.cursors(), Responses.PRINCIPAL);
        answer(turns.note(id, conversation).map(noted -> encoded(name, conversation)));
    }

    /** Tells what is known of it. */
    public void retrieve(String name) {
        answer(open(name).compose(turns::find).map(conversation -> encoded(name, conversation)));
    }

    /** Deletes it, and what was said in it. */
    public void delete(String name) {
        answer(open(name)
                .compose(id -> turns.find(id).compose(conversation -> turns.delete(id, conversation)))
                .map(deleted -> Deletion.ofConversation(name)));
    }

    private Future<UUID> open(String name) {
        try {
            UUID id = ConversationId.open(name, exchange.cursors(), Responses.PRINCIPAL);
            return id == null ? Future.failedFuture(BadEventException.noConversation()) : Future.succeededFuture(id);
        } catch (BadEventException e) {
            return Future.failedFuture(e);
        }
    }

    private static String encoded(String name, KeptConversation conversation) {
        return ConversationObject.encode(name, conversation.getCreatedAt(), conversation.getMetadata());
    }

    private void answer(Future<String> json) {
        json.onSuccess(this::answer).onFailure(failure -> {
            if (failure instanceof BadEventException refusal) {
                refuse(ApiError.of(refusal));
            }
        });
    }

    @Override
    boolean streams() {
        return false;
    }

    /** Nothing waits for who is told all at once. */
    @Override
    String slowConsumer() {
        return "";
    }

    /** Nothing has begun when something fails. */
    @Override
    void tellFailure(ApiError error) {}

    @Override
    void onGatewayStops() {
        fail(ApiError.of(ErrorCode.GATEWAY_STOPS, "this gateway stops: ask again"));
    }
}
