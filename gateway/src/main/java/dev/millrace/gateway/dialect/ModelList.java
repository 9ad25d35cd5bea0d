package dev.millrace.gateway.dialect;

import dev.millrace.schemas.event.WorkerStatus;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The models that can be asked for. What is listed is what living workers have; what is refused is only what the
 * operator has not allowed, since a worker may come a moment later, and a prompt waits for it in Kafka. Any thread.
 *
 * @param allowed empty: all
 * @param workers that live
 * @param since when the gateway started, in seconds since 1970
 */
public record ModelList(List<String> allowed, Supplier<List<WorkerStatus>> workers, long since) {
    /** What an answer is said to be of when nobody says. */
    private static final String ANY = "millrace";

    public ModelList {
        allowed = List.copyOf(allowed);
    }

    public boolean mayHave(String name) {
        return allowed.isEmpty() || allowed.contains(name);
    }

    /** What answers a request that names none. */
    public String usual() {
        SortedMap<String, List<WorkerStatus>> living = living();
        if (!living.isEmpty()) {
            return living.firstKey();
        }
        return allowed.isEmpty() ? ANY : allowed.get(0);
    }

    public String encode() {
        JsonArray data = new JsonArray();
        living().forEach((name, having) -> data.add(json(name, having)));
        return new JsonObject().put("object", "list").put("data", data).encode();
    }

    /** Null where no worker has it. */
    public @Nullable String encode(String name) {
        List<WorkerStatus> having = living().get(name);
        return having == null ? null : json(name, having).encode();
    }

    private SortedMap<String, List<WorkerStatus>> living() {
        return workers.get().stream()
                .filter(worker -> mayHave(worker.getModelName()))
                .collect(Collectors.groupingBy(WorkerStatus::getModelName, TreeMap::new, Collectors.toList()));
    }

    /** Only what each of the workers can do: nobody knows which one will answer. */
    private JsonObject json(String name, List<WorkerStatus> having) {
        int contextTokens =
                having.stream().mapToInt(WorkerStatus::getContextTokens).min().orElseThrow();
        Set<String> adapters = new TreeSet<>(having.get(0).getAdapters());
        having.forEach(worker -> adapters.retainAll(new HashSet<>(worker.getAdapters())));
        return new JsonObject()
                .put("id", name)
                .put("object", "model")
                .put("created", since)
                .put("owned_by", "millrace")
                .put("max_model_len", contextTokens)
                .put("adapters", new JsonArray(List.copyOf(adapters)));
    }
}
