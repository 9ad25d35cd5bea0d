package dev.millrace.gateway.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.WorkerStatus;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModelListTest {
    private final List<WorkerStatus> living = new ArrayList<>();
    private final ModelList all = new ModelList(List.of(), () -> living, 1000);
    private final ModelList some = new ModelList(List.of("qwen", "other"), () -> living, 1000);

    @Test
    void promisesOfAModelWhatAllOfItsWorkersCan() {
        living.add(worker("qwen", 8192, "brief", "long"));
        living.add(worker("qwen", 4096, "terse", "brief"));

        JsonArray data = new JsonObject(all.encode()).getJsonArray("data");

        assertThat(data).hasSize(1);
        assertThat(data.getJsonObject(0))
                .isEqualTo(new JsonObject()
                        .put("id", "qwen")
                        .put("object", "model")
                        .put("created", 1000)
                        .put("owned_by", "millrace")
                        .put("max_model_len", 4096)
                        .put("adapters", new JsonArray().add("brief")));
        assertThat(all.encode("qwen")).isEqualTo(data.getJsonObject(0).encode());
    }

    @Test
    void listsOfTheLivingOnlyTheAllowed() {
        living.add(worker("qwen", 4096));
        living.add(worker("demo", 4096));

        assertThat(names(all)).containsExactly("demo", "qwen");
        assertThat(names(some)).containsExactly("qwen");
        assertThat(some.encode("demo")).isNull();
        assertThat(some.encode("other")).isNull();
    }

    @Test
    void refusesOnlyWhatIsNotAllowed() {
        living.add(worker("demo", 4096));

        assertThat(all.mayHave("a model whose worker comes later")).isTrue();
        assertThat(some.mayHave("other")).isTrue();
        assertThat(some.mayHave("demo")).isFalse();
    }

    @Test
    void listsNothingWhereNoWorkerLives() {
        assertThat(names(all)).isEmpty();
        assertThat(names(some)).isEmpty();
        assertThat(all.usual()).isEqualTo("millrace");
        assertThat(some.usual()).isEqualTo("qwen");
    }

    @Test
    void takesALivingModelForTheUsualOne() {
        living.add(worker("other", 4096));

        assertThat(all.usual()).isEqualTo("other");
        assertThat(some.usual()).isEqualTo("other");
    }

    private static List<String> names(ModelList models) {
        return new JsonObject(models.encode())
                .getJsonArray("data").stream()
                        .map(model -> ((JsonObject) model).getString("id"))
                        .toList();
    }

    private static WorkerStatus worker(String model, int contextTokens, String... adapters) {
        return new WorkerStatus(
                "worker",
                Instant.EPOCH,
                model,
                "digest",
                "cpu",
                contextTokens,
                8,
                0,
                0,
                contextTokens,
                contextTokens,
                0f,
                List.of(adapters));
    }
}
