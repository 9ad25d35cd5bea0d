package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.MalformedEventException.Fault;
import dev.millrace.schemas.event.Prompt;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.avro.io.DatumReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a schema registry over the REST interface that Confluent's has. Any thread may ask; the delivery context does
 * it, and owns the count of failures.
 */
final class RegistryClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryClient.class);
    private static final int MAX_ANSWER_BYTES = 1 << 20;
    private static final long ANSWER_SECONDS = 5;
    private static final long FIRST_BACKOFF_MS = 250;
    private static final int MOST_DOUBLINGS = 6;
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    /** The registry's own code for an id that it does not have; a 404 without it is somebody else's. */
    private static final int SCHEMA_NOT_FOUND = 40403;

    private final Context context;
    private final HttpClient http;
    private final String base;
    private final RequestOptions request;
    private int failures;

    /** @param url of the registry; may have user:password before the host, and a path */
    RegistryClient(Context context, URI url) {
        this.context = context;
        this.http = context.owner().createHttpClient(new HttpClientOptions().setConnectTimeout((int)
                        TimeUnit.SECONDS.toMillis(ANSWER_SECONDS)));
        this.base = url.toString().replaceFirst("//[^/]*@", "//").replaceFirst("/+$", "") + "/schemas/ids/";
        this.request = new RequestOptions()
                .setMethod(HttpMethod.GET)
                .putHeader("accept", "application/json")
                .setIdleTimeout(TimeUnit.SECONDS.toMillis(ANSWER_SECONDS));
        if (url.getUserInfo() != null) {
            byte[] credentials = url.getUserInfo().getBytes(StandardCharsets.UTF_8);
            request.putHeader("authorization", "Basic " + Base64.getEncoder().encodeToString(credentials));
        }
    }

    /**
     * One try. What may pass is told only after a while, which grows from failure to failure: it is then time for the
     * next try.
     */
    CompletableFuture<DatumReader<Prompt>> ask(int schemaId) {
        CompletableFuture<DatumReader<Prompt>> answer = new CompletableFuture<>();
        context.runOnContext(v -> get(schemaId)
                .onSuccess(reader -> {
                    failures = 0;
                    answer.complete(reader);
                })
                .onFailure(failure -> {
                    if (failure instanceof MalformedEventException) {
                        failures = 0;
                        answer.completeExceptionally(failure);
                    } else {
                        later(schemaId, failure, answer);
                    }
                }));
        return answer;
    }

    private void later(int schemaId, Throwable failure, CompletableFuture<?> answer) {
        long backoffMs = FIRST_BACKOFF_MS << Math.min(failures++, MOST_DOUBLINGS);
        LOG.warn("The schema registry did not tell schema {}; its prompts wait: {}", schemaId, failure.toString());
        context.owner().setTimer(backoffMs, timer -> answer.completeExceptionally(failure));
    }

    private Future<DatumReader<Prompt>> get(int schemaId) {
        return http.request(new RequestOptions(request).setAbsoluteURI(base + Integer.toUnsignedString(schemaId)))
                .compose(HttpClientRequest::send)
                .compose(response -> body(response).compose(body -> read(schemaId, response.statusCode(), body)))
                .timeout(ANSWER_SECONDS, TimeUnit.SECONDS);
    }

    private static Future<Buffer> body(HttpClientResponse response) {
        Promise<Buffer> promise = Promise.promise();
        Buffer body = Buffer.buffer();
        response.handler(part -> {
            if (body.length() + part.length() > MAX_ANSWER_BYTES) {
                promise.tryFail("the answer is too long");
                response.request().reset();
            } else {
                body.appendBuffer(part);
            }
        });
        response.exceptionHandler(promise::tryFail);
        response.endHandler(v -> promise.tryComplete(body));
        return promise.future();
    }

    private static Future<DatumReader<Prompt>> read(int schemaId, int status, Buffer body) {
        if (status != OK && status != NOT_FOUND) {
            return Future.failedFuture("status " + status);
        }
        JsonObject answer = new JsonObject(body);
        if (status == NOT_FOUND) {
            return Integer.valueOf(SCHEMA_NOT_FOUND).equals(answer.getInteger("error_code"))
                    ? refused("the schema registry has no schema " + Integer.toUnsignedString(schemaId))
                    : Future.failedFuture("status 404 without the registry's error code");
        }
        if (!answer.getString("schemaType", "AVRO").equals("AVRO")) {
            return refused("the registry's schema " + Integer.toUnsignedString(schemaId) + " is not Avro");
        }
        try {
            return Future.succeededFuture(EventCodec.PROMPT.readerOf(answer.getString("schema")));
        } catch (MalformedEventException e) {
            return Future.failedFuture(e);
        }
    }

    private static Future<DatumReader<Prompt>> refused(String message) {
        return Future.failedFuture(new MalformedEventException(Fault.UNKNOWN_SCHEMA, message));
    }

    @Override
    public void close() {
        http.close();
    }
}
