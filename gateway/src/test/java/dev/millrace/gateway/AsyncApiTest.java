package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ClientEvent;
import dev.millrace.gateway.dialect.ClientEventReader;
import dev.millrace.gateway.dialect.Ending;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.Pace;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.gateway.session.CloseReason;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The document knows what the code knows, and nothing besides. Traffic is held to it by {@link ChatClient}. */
class AsyncApiTest {
    private static final ResumePoint POINT =
            new ResumePoint(UUID.randomUUID(), 0, 0, Instant.EPOCH, "c", null, false, false);
    /** They tell over HTTP how a response stands. */
    private static final Set<String> NO_EVENTS = Set.of("present", "whole");

    private AsyncApi api;

    @BeforeEach
    void load() throws Exception {
        Buffer document =
                Objects.requireNonNull(ApiDocument.all(new Topics("a.")).get("/asyncapi.json"));
        api = AsyncApi.parse(document.toString());
    }

    @Test
    void everyEventThatClientsHearIsInTheDocumentAndConversely() throws Exception {
        Set<String> types = new TreeSet<>(Set.of("error"));

        for (Method method : ResponseEvents.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers()) && !NO_EVENTS.contains(method.getName())) {
                for (FinishReason reason : FinishReason.values()) {
                    String event = String.valueOf(
                            method.invoke(new ResponseEvents(POINT, "x", false), arguments(method, reason)));
                    assertThat(api.faults("tellClients", event)).as(event).isEmpty();
                    types.add(new JsonObject(event).getString("type"));
                }
            }
        }

        assertThat(api.types("tellClients").keySet()).isEqualTo(types);
    }

    private static Object[] arguments(Method method, FinishReason reason) {
        Failure failure = reason == FinishReason.ERROR ? new Failure("internal", "a defect", null) : null;
        Map<Class<?>, Object> byType = Map.of(
                int.class,
                1,
                Integer.class,
                1,
                String.class,
                "x",
                Ending.class,
                new Ending(reason, null, null, failure),
                Pace.class,
                new Pace(null, null));
        return Arrays.stream(method.getParameterTypes()).map(byType::get).toArray();
    }

    @Test
    void everyEventThatClientsMaySayIsInTheDocumentAndConversely() throws Exception {
        List<Class<?>> read = new ArrayList<>();

        for (Map.Entry<String, String> type : api.types("hearClients").entrySet()) {
            JsonObject event = new JsonObject();
            for (String field : required(type.getValue())) {
                event.put(field, field.equals("type") ? type.getKey() : "x");
            }
            assertThat(api.faults("hearClients", event.encode())).isEmpty();
            read.add(ClientEventReader.read(event.encode()).getClass());
        }

        assertThat(read).containsExactlyInAnyOrder(ClientEvent.class.getPermittedSubclasses());
        assertThatThrownBy(() -> ClientEventReader.read("{\"type\":\"response.nothing\"}"))
                .isInstanceOf(BadEventException.class);
    }

    private Collection<String> required(String message) {
        return StreamSupport.stream(
                        api.document()
                                .at("/components/schemas/" + message + "/required")
                                .spliterator(),
                        false)
                .map(name -> name.asText())
                .toList();
    }

    @Test
    void everyTopicIsInTheDocumentAndConversely() {
        Topics topics = new Topics("a.");

        List<String> addresses = new ArrayList<>();
        api.document()
                .path("channels")
                .forEach(channel -> addresses.add(channel.path("address").asText()));
        assertThat(addresses)
                .containsExactlyInAnyOrder(
                        "/v1/responses",
                        topics.prompts(),
                        topics.replies(),
                        topics.controls(),
                        topics.completions(),
                        topics.attendance(),
                        topics.turns(),
                        topics.conversations(),
                        topics.workers(),
                        topics.deadLetters());
        assertThat(Topics.class.getDeclaredMethods())
                .filteredOn(method -> method.getReturnType() == String.class && method.getParameterCount() == 0)
                .filteredOn(method -> !Set.of("toString", "prefix").contains(method.getName()))
                .hasSize(api.document().path("channels").size() - 1);
    }

    @Test
    void knowsWhyTheGatewayCloses() {
        List<Map.Entry<Integer, String>> reasons = StreamSupport.stream(
                        api.document().at("/channels/responses/x-close-codes").spliterator(), false)
                .filter(code -> code.has("reason"))
                .map(code ->
                        Map.entry(code.path("code").asInt(), code.path("reason").asText()))
                .toList();

        assertThat(reasons)
                .containsExactlyInAnyOrderElementsOf(Stream.of(CloseReason.values())
                        .map(reason -> Map.entry((int) reason.code(), reason.text()))
                        .toList());
    }

    @Test
    void knowsNoCodeThatTheGatewayDoesNotKnow() {
        List<String> codes = Stream.of(ErrorCode.values()).map(ErrorCode::code).toList();

        api.document()
                .at("/components/schemas/Error/properties/code/enum")
                .forEach(code -> assertThat(codes).contains(code.asText()));
    }
}
