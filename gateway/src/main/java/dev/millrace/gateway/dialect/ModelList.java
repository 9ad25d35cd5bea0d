package dev.millrace.gateway.dialect;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * The models that can be asked for. Immutable.
 *
 * @param names empty: not known, so a worker has to say whether it has the one that is asked for
 * @param since when they were known, in seconds since 1970
 */
public record ModelList(List<String> names, long since) {
    /** What an answer is said to be of when nobody says. */
    private static final String ANY = "millrace";

    public ModelList {
        names = List.copyOf(names);
    }

    public boolean mayHave(String name) {
        return names.isEmpty() || names.contains(name);
    }

    /** What answers a request that names none. */
    public String usual() {
        return names.isEmpty() ? ANY : names.get(0);
    }

    public String encode() {
        JsonArray data = new JsonArray();
        names.forEach(name -> data.add(json(name)));
        return new JsonObject().put("object", "list").put("data", data).encode();
    }

    public String encode(String name) {
        return json(name).encode();
    }

    private JsonObject json(String name) {
        return new JsonObject()
                .put("id", name)
                .put("object", "model")
                .put("created", since)
                .put("owned_by", "millrace");
    }
}
