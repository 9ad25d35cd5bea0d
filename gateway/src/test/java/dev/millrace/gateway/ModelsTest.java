package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.event.WorkerStatus;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The list of models, which is what workers say of themselves. */
@Timeout(30)
class ModelsTest {
    private static final WorkerStatus STATUS = new WorkerStatus(
            "a", Instant.EPOCH, "demo", "digest", "cpu", 4096, 8, 0, 0, 16_384, 16_384, 0f, List.of("brief"));

    private final FakeKafka kafka = new FakeKafka(true);

    @AutoClose
    private final GatewayFixture gateway =
            new GatewayFixture(SessionLimits.of(Duration.ofSeconds(30)), kafka, List.of());

    private HttpChat chat;

    @BeforeEach
    void connect() throws Exception {
        chat = new HttpChat(gateway.httpPort());
    }

    @Test
    void comeAndGoWithTheirWorkers() throws Exception {
        String before = models();
        kafka.heartbeat("a", STATUS);
        await().until(() -> models().contains("demo"));
        String list = models();
        HttpResponse<String> one = get("/v1/models/demo");
        HttpResponse<String> none = get("/v1/models/gpt-5");

        kafka.heartbeat("a", null);

        await().until(() -> models().equals(before));
        assertThat(new JsonObject(before).getJsonArray("data")).isEmpty();
        assertThat(chat.document().faults("ModelList", list)).isEmpty();
        assertThat(chat.document().faults("Model", one.body())).isEmpty();
        assertThat(new JsonObject(list).getJsonArray("data").getJsonObject(0)).isEqualTo(new JsonObject(one.body()));
        assertThat(new JsonObject(one.body()).getInteger("max_model_len")).isEqualTo(4096);
        assertThat(none.statusCode()).isEqualTo(404);
        assertThat(get("/v1/models/demo").statusCode()).isEqualTo(404);
    }

    @Test
    void areNoReasonToRefuseARequest() {
        var waiting = chat.ask(HttpChat.question().put("model", "comes-later"));

        assertThat(kafka.awaitPrompt().getModel()).isEqualTo("comes-later");
        assertThat(waiting).isNotDone();
    }

    private String models() throws Exception {
        return get("/v1/models").body();
    }

    private HttpResponse<String> get(String path) throws Exception {
        return chat.send(chat.request("GET", path).build());
    }
}
