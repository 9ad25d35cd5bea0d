package dev.millrace.gateway.http;

import dev.millrace.gateway.dialect.ResponseId;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;

/** A chat client in the gateway's own JVM. Any thread. */
public final class WarmUpClient {
    private final WebSocketClient client;
    private final WebSocketConnectOptions address;

    /** Of the gateway at this port of loopback. */
    public WarmUpClient(Vertx vertx, int port) {
        this.client = vertx.createWebSocketClient();
        this.address =
                new WebSocketConnectOptions().setHost("127.0.0.1").setPort(port).setURI(HttpVerticle.SOCKET_PATH);
    }

    /** Asks, and comes back on another socket to read all of the answer again. Fails where it does not come. */
    public Future<Void> askAndResume() {
        return converse(JsonObject.of("type", "response.create", "input", "warm up"))
                .compose(cursor -> converse(JsonObject.of("type", "response.resume", "cursor", cursor)))
                .mapEmpty();
    }

    /** On a socket of its own. Completes with the cursor of the response when all of it has come. */
    private Future<String> converse(JsonObject opening) {
        Promise<String> told = Promise.promise();
        client.connect(address).onFailure(told::tryFail).onSuccess(socket -> {
            socket.textMessageHandler(frame -> onEvent(new JsonObject(frame), socket, told));
            socket.closeHandler(closed -> told.tryFail("the socket was closed"));
            socket.writeTextMessage(opening.encode());
        });
        return told.future();
    }

    private static void onEvent(JsonObject event, WebSocket socket, Promise<String> told) {
        switch (event.getString("type")) {
            case "response.completed" -> {
                String id = event.getJsonObject("response").getString("id");
                told.tryComplete(ResponseId.cursor(id));
                socket.close();
            }
            case "response.failed", "error" -> told.tryFail(event.encode());
            default -> {}
        }
    }

    /** Its sockets too. */
    public Future<Void> close() {
        return client.close();
    }
}
