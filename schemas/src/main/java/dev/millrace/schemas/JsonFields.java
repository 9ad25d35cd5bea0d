package dev.millrace.schemas;

import java.util.Map;
import java.util.function.Predicate;

/**
 * What to make of the top-level fields of an event in JSON.
 *
 * @param absent values of fields that the object leaves out, by name; they come before the schema's defaults
 * @param read which fields to read; the others are passed over, whatever they hold, and count as left out
 */
public record JsonFields(Map<String, Object> absent, Predicate<String> read) {
    static final JsonFields AS_THEY_ARE = new JsonFields(Map.of());

    /** All fields are read. */
    public JsonFields(Map<String, Object> absent) {
        this(absent, name -> true);
    }
}
