package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.compose.JavaProcess;
import dev.millrace.compose.broker.Ports;
import dev.millrace.gateway.GatewayMain;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Conversations whose history Kafka keeps, over two gateways of which one dies, with the demo model. */
@Timeout(180)
class KeptTurnsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String QUESTION = "Write a short story about a robot learning to paint.";

    private static Installation installation;
    private static JavaProcess worker;

    private Node one;
    private Node other;

    /** A gateway. */
    private record Node(JavaProcess process, String address) {
        static Node start(Installation installation, String id) throws IOException {
            int port = Ports.claim(0);
            JavaProcess process = JavaProcess.start(
                    GatewayMain.class,
                    Map.of(),
                    "--kafka-bootstrap=" + installation.bootstrap(),
                    "--topic-prefix=" + installation.topics().prefix(),
                    "--gateway-id=" + id,
                    "--http-port=" + port,
                    "--cursor-keys=" + Base64.getEncoder().encodeToString(new byte[32]));
            Node node = new Node(process, "http://" + Ports.LOOPBACK + ":" + port + "/v1/");
            await().atMost(Duration.ofSeconds(60))
                    .ignoreExceptions()
                    .until(() -> node.get("models").at("/data/0/id").isTextual());
            return node;
        }

        JsonNode get(String path) throws Exception {
            return JSON.readTree(
                    send(HttpRequest.newBuilder(URI.create(address + path))).body());
        }

        HttpResponse<String> respond(ObjectNode asked) throws Exception {
            return send("responses", asked);
        }

        JsonNode answer(ObjectNode asked) throws Exception {
            return post("responses", asked);
        }

        JsonNode post(String path, ObjectNode body) throws Exception {
            HttpResponse<String> response = send(path, body);
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            return JSON.readTree(response.body());
        }

        private HttpResponse<String> send(String path, ObjectNode body) throws Exception {
            return send(HttpRequest.newBuilder(URI.create(address + path))
                    .header("content-type", "application/json")
                    .POST(BodyPublishers.ofString(body.toString())));
        }

        HttpResponse<String> delete(String id) throws Exception {
            return send(HttpRequest.newBuilder(URI.create(address + "responses/" + id))
                    .DELETE());
        }

        private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
            return HTTP.send(request.build(), BodyHandlers.ofString());
        }
    }

    @BeforeAll
    static void start() throws Exception {
        installation = Installation.create(KeptTurnsIT.class);
        worker = installation.startWorker();
    }

    @AfterAll
    static void stop() throws Exception {
        worker.close();
    }

    @BeforeEach
    void startGateways() throws Exception {
        one = Node.start(installation, "one");
        other = Node.start(installation, "other");
    }

    @AfterEach
    void stopGateways() throws Exception {
        one.process().close();
        other.process().close();
    }

    @Test
    void aConversationGoesOnAtAnotherGatewayWhenItsOwnHasDied() throws Exception {
        JsonNode deleted = one.answer(stored("Hi"));
        assertThat(one.delete(id(deleted)).statusCode()).isEqualTo(200);
        HttpResponse<String> refused = other.respond(stored("Again").put("previous_response_id", id(deleted)));
        JsonNode first = one.answer(stored(QUESTION));
        one.process().kill();

        JsonNode second = other.answer(stored("Thank you!").put("previous_response_id", id(first)));
        JsonNode third = other.answer(stored("Bye!").put("previous_response_id", id(second)));
        JsonNode said = other.answer(wholeConversation(first, second));

        assertThat(refused.statusCode()).isEqualTo(404);
        assertThat(refused.body()).contains("previous_response_not_found");
        assertThat(cachedTokens(second)).isPositive();
        assertThat(cachedTokens(third)).isGreaterThan(cachedTokens(second));
        assertThat(text(third)).isNotEmpty().isEqualTo(text(said));
        assertThat(inputTokens(third)).isEqualTo(inputTokens(said));
    }

    @Test
    void aNamedConversationGoesOnWhereverItsTurnsAreAsked() throws Exception {
        String id = id(one.post("conversations", JSON.createObjectNode()));

        JsonNode first = one.answer(asked().put("input", QUESTION).put("conversation", id));
        JsonNode second = other.answer(asked().put("input", "Thank you!").put("conversation", id));
        JsonNode third = one.answer(asked().put("input", "Bye!").put("conversation", id));
        JsonNode said = one.answer(wholeConversation(first, second));

        assertThat(cachedTokens(second)).isPositive();
        assertThat(cachedTokens(third)).isGreaterThan(cachedTokens(second));
        assertThat(text(third)).isNotEmpty().isEqualTo(text(said));
        assertThat(inputTokens(third)).isEqualTo(inputTokens(said));
    }

    private static ObjectNode stored(String input) {
        return asked().put("store", true).put("input", input);
    }

    private static ObjectNode asked() {
        return JSON.createObjectNode().put("temperature", 0).put("max_output_tokens", 48);
    }

    /** As a client says it that keeps its history itself. */
    private static ObjectNode wholeConversation(JsonNode first, JsonNode second) {
        ObjectNode asked = asked();
        asked.putArray("input")
                .add(message("user", QUESTION))
                .add(message("assistant", text(first)))
                .add(message("user", "Thank you!"))
                .add(message("assistant", text(second)))
                .add(message("user", "Bye!"));
        return asked;
    }

    private static ObjectNode message(String role, String content) {
        return JSON.createObjectNode().put("role", role).put("content", content);
    }

    private static String id(JsonNode response) {
        return response.path("id").asText();
    }

    private static String text(JsonNode response) {
        return response.at("/output/0/content/0/text").asText();
    }

    private static int inputTokens(JsonNode response) {
        return response.at("/usage/input_tokens").asInt();
    }

    private static int cachedTokens(JsonNode response) {
        return response.at("/usage/input_tokens_details/cached_tokens").asInt();
    }
}
