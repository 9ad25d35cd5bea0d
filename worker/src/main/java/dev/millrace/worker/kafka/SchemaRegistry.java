package dev.millrace.worker.kafka;

import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.event.Prompt;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntFunction;
import org.apache.avro.io.DatumReader;

/**
 * Readers for the schemas of a registry, by id. A schema never changes, so an answer holds for good; what is kept is
 * bounded. A refusal is told once and asked for again, since the id may come to exist. Owned by the poll thread.
 *
 * <p>Nothing here waits or retries by itself: whoever is told that a schema is pending comes back when that is over,
 * and who lost the partition does not.
 */
final class SchemaRegistry {
    private static final int MOST_SCHEMAS = 1000;
    private static final float LOAD_FACTOR = 0.75f;

    private final IntFunction<CompletableFuture<DatumReader<Prompt>>> registry;

    /** Asked for or known; the least recently used goes first. */
    private final Map<Integer, CompletableFuture<DatumReader<Prompt>>> readers =
            new LinkedHashMap<>(16, LOAD_FACTOR, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Integer, CompletableFuture<DatumReader<Prompt>>> eldest) {
                    return size() > MOST_SCHEMAS;
                }
            };

    /** @param registry asks once; fails with a {@link MalformedEventException} where asking again will not help */
    SchemaRegistry(IntFunction<CompletableFuture<DatumReader<Prompt>>> registry) {
        this.registry = registry;
    }

    /**
     * The reader for records of this schema.
     *
     * @throws MalformedEventException when there is none
     * @throws SchemaPendingException when that is known later
     */
    DatumReader<Prompt> reader(int schemaId) throws MalformedEventException, SchemaPendingException {
        CompletableFuture<DatumReader<Prompt>> asked = readers.computeIfAbsent(schemaId, registry::apply);
        if (!asked.isDone()) {
            throw new SchemaPendingException(asked);
        }
        try {
            return asked.join();
        } catch (CompletionException e) {
            readers.remove(schemaId);
            if (e.getCause() instanceof MalformedEventException malformed) {
                throw malformed;
            }
            return reader(schemaId);
        }
    }
}
