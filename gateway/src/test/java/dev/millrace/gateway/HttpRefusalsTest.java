package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the HTTP API answers to what it does not serve, and to browsers. */
@Timeout(30)
class HttpRefusalsTest {
    @AutoClose
    private final GatewayFixture gateway = new GatewayFixture();

    private HttpChat chat;

    @BeforeEach
    void connect() throws Exception {
        chat = new HttpChat(gateway.httpPort());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    tools            | [{"type":"function"}]            | unsupported_parameter
                    audio            | {"voice":"x"}                    | unsupported_parameter
                    modalities       | ["text","audio"]                 | unsupported_parameter
                    temperature      | 3                                | invalid_value
                    temperature      | "hot"                            | invalid_type
                    n                | 17                               | invalid_value
                    top_logprobs     | 2                                | invalid_value
                    stream_options   | {"include_usage":true}           | invalid_value
                    preset           | "wild"                           | invalid_value
                    logit_bias.x     | {"x":1}                          | invalid_value
                    temprature       | 1                                | unknown_parameter
                    response_format.type | {"type":"xml"}               | unsupported_value
                    messages         | []                               | invalid_value
                    """)
    void namesTheParameter(String param, String value, String code) throws Exception {
        String name = param.replaceFirst("\\..*", "");
        JsonObject body = HttpChat.question().put(name, Json.decodeValue(value));

        HttpResponse<String> response = chat.send(chat.post(body.encode()).build());
        JsonObject error = error(response);

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(error.getString("code")).isEqualTo(code);
        assertThat(error.getString("param")).isEqualTo(param);
        assertThat(chat.document().faults("ChatRequest", body.encode()).isEmpty())
                .as("the document allows it")
                .isEqualTo(name.equals("top_logprobs") || name.equals("stream_options"));
    }

    @Test
    void refusesImages() throws Exception {
        JsonArray parts = new JsonArray().add(new JsonObject().put("type", "image_url"));
        JsonObject body = HttpChat.question();
        body.getJsonArray("messages").getJsonObject(0).put("content", parts);

        JsonObject error = error(chat.send(chat.post(body.encode()).build()));

        assertThat(error.getString("code")).isEqualTo("unsupported_value");
        assertThat(error.getString("param")).isEqualTo("messages[0].content[0].type");
    }

    @Test
    void refusesModelsThatAreNotAllowed() throws Exception {
        JsonObject body = HttpChat.question().put("model", "gpt-5");

        HttpResponse<String> response = chat.send(chat.post(body.encode()).build());

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(error(response).getString("code")).isEqualTo("model_not_found");
        assertThat(status("GET", "/v1/models/%zz")).isIn(400, 404);
        assertThat(status("GET", "/v1/models/gpt-5")).isEqualTo(404);
    }

    @Test
    void knowsItsMethodsAndAddresses() throws Exception {
        HttpResponse<?> wrong =
                chat.stream(chat.request("GET", HttpChat.COMPLETIONS).build()).join();
        HttpResponse<String> head = chat.send(chat.request("HEAD", "/v1/models").build());

        assertThat(wrong.statusCode()).isEqualTo(405);
        assertThat(wrong.headers().firstValue("Allow")).hasValue("POST");
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(status("GET", "/v1/embeddings")).isEqualTo(404);
        assertThat(status("DELETE", "/v1/models")).isEqualTo(405);
    }

    @Test
    void takesJsonAlone() throws Exception {
        HttpRequest form = chat.request("POST", HttpChat.COMPLETIONS)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString("{}"))
                .build();
        HttpRequest latin = chat.request("POST", HttpChat.COMPLETIONS)
                .header("Content-Type", "application/json; charset=utf-8")
                .POST(BodyPublishers.ofByteArray(new byte[] {'"', (byte) 0xE9, '"'}))
                .build();

        assertThat(chat.send(form).statusCode()).isEqualTo(415);
        assertThat(error(chat.send(latin)).getString("code")).isEqualTo("invalid_json");
    }

    @Test
    void bodiesAreBounded() throws Exception {
        HttpResponse<String> response =
                chat.send(chat.post("[" + " ".repeat(16 << 20) + "]").build());

        assertThat(response.statusCode()).isEqualTo(413);
        assertThat(error(response).getString("code")).isEqualTo("event_too_large");
    }

    @Test
    void tellsBrowsersWhosePagesMayAsk() throws Exception {
        HttpRequest preflight = chat.request("OPTIONS", HttpChat.COMPLETIONS)
                .header("Origin", GatewayFixture.FRIENDLY_ORIGIN)
                .header("Access-Control-Request-Headers", "content-type, x-stainless-os")
                .build();
        HttpRequest foreign = chat.post(HttpChat.question().encode())
                .header("Origin", "https://elsewhere.example.org")
                .build();

        HttpResponse<String> allowed = chat.send(preflight);
        HttpResponse<String> refused = chat.send(foreign);

        assertThat(allowed.statusCode()).isEqualTo(204);
        assertThat(allowed.headers().firstValue("Access-Control-Allow-Origin"))
                .hasValue(GatewayFixture.FRIENDLY_ORIGIN);
        assertThat(allowed.headers().firstValue("Access-Control-Allow-Headers"))
                .hasValue("content-type, x-stainless-os");
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
    }

    private int status(String method, String path) throws Exception {
        return chat.send(HttpRequest.newBuilder(
                                chat.request("GET", "/").build().uri().resolve(path.replace("%zz", "%25zz")))
                        .method(method, BodyPublishers.noBody())
                        .build())
                .statusCode();
    }

    private static JsonObject error(HttpResponse<String> response) {
        return new JsonObject(response.body()).getJsonObject("error");
    }
}
