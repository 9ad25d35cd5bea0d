package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.MalformedEventException.Fault;
import dev.millrace.schemas.event.Prompt;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.avro.io.DatumReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SchemaRegistryTest {
    private static final String ANSWER =
            new JsonObject().put("schema", new Prompt().getSchema().toString()).encode();
    private static final String UNKNOWN =
            new JsonObject().put("error_code", 40403).put("message", "none").encode();

    private final Vertx vertx = Vertx.vertx();
    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    /** Set by the test's thread, read by the stub's. */
    private volatile Consumer<HttpServerRequest> stub =
            request -> request.response().end(ANSWER);

    private final HttpServer server = join(vertx.createHttpServer()
            .requestHandler(request -> {
                asked.add(request.uri());
                stub.accept(request);
            })
            .listen(0, "127.0.0.1"));

    private final RegistryClient client = client();
    private final SchemaRegistry registry = new SchemaRegistry(client::ask);

    @AfterEach
    void close() {
        join(vertx.close());
    }

    @Test
    void asksOnceForASchemaAndNeverWaits() throws Exception {
        assertThatThrownBy(() -> registry.reader(9)).isInstanceOf(SchemaPendingException.class);

        DatumReader<Prompt> reader = awaitReader(9);

        assertThat(registry.reader(9)).isSameAs(reader);
        assertThat(asked).containsExactly("/schemas/ids/9");
    }

    @Test
    void sendsTheUserAndPasswordOfTheUrlAndKeepsItsPath() throws Exception {
        String expected = "Basic " + Base64.getEncoder().encodeToString("me:se@cret".getBytes(StandardCharsets.UTF_8));
        stub = request -> request.response()
                .setStatusCode(expected.equals(request.getHeader("authorization")) ? 200 : 401)
                .end(ANSWER);
        RegistryClient withCredentials = new RegistryClient(
                vertx.getOrCreateContext(),
                URI.create("http://me:se%40cret@127.0.0.1:" + server.actualPort() + "/registry/"));

        DatumReader<Prompt> reader = withCredentials.ask(9).get();

        assertThat(reader).isNotNull();
        assertThat(asked).containsExactly("/registry/schemas/ids/9");
    }

    @Test
    void triesAgainUntilTheRegistryAnswers() throws Exception {
        List<Consumer<HttpServerRequest>> faults = Collections.synchronizedList(new ArrayList<>(List.of(
                request -> request.response().setStatusCode(503).end(),
                request -> request.connection().close(),
                request -> request.response().end("<html>"))));
        stub = request -> {
            if (faults.isEmpty()) {
                request.response().end(ANSWER);
            } else {
                faults.remove(0).accept(request);
            }
        };

        assertThat(awaitReader(9)).isNotNull();
        assertThat(asked).hasSize(4);
    }

    @Test
    void stopsAskingWhenNobodyComesBack() {
        stub = request -> request.response().setStatusCode(503).end();

        CompletableFuture<?> pending = catchThrowableOfType(SchemaPendingException.class, () -> registry.reader(9))
                .asked();
        await().until(pending::isDone);

        assertThat(asked).hasSize(1);
    }

    @Test
    void anIdThatTheRegistryDoesNotHaveIsToldOnceAndAskedForAgain() throws Exception {
        stub = request -> request.response().setStatusCode(404).end(UNKNOWN);

        MalformedEventException malformed = awaitRefusal(9);
        stub = request -> request.response().end(ANSWER);

        assertThat(malformed.fault()).isEqualTo(Fault.UNKNOWN_SCHEMA);
        assertThat(malformed).hasMessageContaining("no schema 9");
        assertThat(awaitReader(9)).isNotNull();
    }

    @Test
    void anotherServersNotFoundIsNoAnswer() throws Exception {
        stub = request -> {
            stub = next -> next.response().end(ANSWER);
            request.response().setStatusCode(404).end("{}");
        };

        assertThat(awaitReader(9)).isNotNull();
    }

    @Test
    void refusesWhatIsNotAvro() throws Exception {
        stub = request -> request.response().end("{\"schema\":\"{}\",\"schemaType\":\"JSON\"}");

        assertThat(awaitRefusal(9)).hasMessageContaining("not Avro");
    }

    @Test
    void doesNotReadAnEndlessAnswer() {
        stub = request -> {
            request.response().setChunked(true);
            for (int i = 0; i < 40; i++) {
                request.response().write(" ".repeat(1 << 16));
            }
        };

        CompletableFuture<?> answer = client.ask(9);

        assertThatThrownBy(answer::get).hasMessageContaining("too long");
    }

    @Test
    void readsAPromptByItsFramedSchema() throws Exception {
        Prompt prompt = WorkerFixture.prompt("hello", 5);
        byte[] single = EventCodec.PROMPT.encode(prompt);
        byte[] framed = new byte[single.length - 5];
        framed[4] = 9;
        System.arraycopy(single, 10, framed, 5, single.length - 10);

        assertThat(EventCodec.PROMPT.decode(framed, 5, awaitReader(9))).isEqualTo(prompt);
    }

    private RegistryClient client() {
        return new RegistryClient(vertx.getOrCreateContext(), URI.create("http://127.0.0.1:" + server.actualPort()));
    }

    private DatumReader<Prompt> awaitReader(int id) throws Exception {
        while (true) {
            try {
                return registry.reader(id);
            } catch (SchemaPendingException e) {
                await().until(e.asked()::isDone);
            }
        }
    }

    private MalformedEventException awaitRefusal(int id) throws Exception {
        return catchThrowableOfType(MalformedEventException.class, () -> awaitReader(id));
    }

    private static <T> T join(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }
}
