package dev.millrace.schemas;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.SchemaParseException;
import org.apache.avro.message.SchemaStore;
import org.jspecify.annotations.Nullable;

/**
 * Every version of every event schema that was ever released: the schemas that events in a topic may have been written
 * with.
 *
 * <p>Each version is a file {@code <Name>-v<N>.avsc} beside this class, under {@code released}, listed in the file
 * {@code index} there. All such directories on the class path count, so a process can be given newer schemas than it
 * was built with: a directory with an index, put on its class path. That is how a reader may be older than a writer.
 *
 * <p>Immutable after loading; any thread.
 */
public final class ReleasedSchemas implements SchemaStore {
    private static final String DIRECTORY = "dev/millrace/schemas/released/";

    private final Map<String, Schema> byFile = new LinkedHashMap<>();
    private final Map<Long, Schema> byFingerprint = new HashMap<>();

    /** Loads them all; a listed file that is missing or no schema is a defect of the build and ends in an exception. */
    static ReleasedSchemas load() {
        ReleasedSchemas released = new ReleasedSchemas();
        try {
            List<URL> indexes = Collections.list(classLoader().getResources(DIRECTORY + "index"));
            for (URL index : indexes) {
                released.addAll(index);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("The released schemas cannot be read", e);
        }
        return released;
    }

    private ReleasedSchemas() {}

    /** The writer's schema of that CRC-64-AVRO fingerprint; null when no released version has it. */
    @Override
    public @Nullable Schema findByFingerprint(long fingerprint) {
        return byFingerprint.get(fingerprint);
    }

    /** All versions by file name, without the ending. */
    Map<String, Schema> versions() {
        return Collections.unmodifiableMap(byFile);
    }

    private void addAll(URL index) throws IOException {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(index.openStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank()) {
                    add(line.strip(), new URL(index, line.strip() + ".avsc"));
                }
            }
        }
    }

    private void add(String version, URL file) throws IOException {
        try (InputStream json = file.openStream()) {
            Schema schema = new Schema.Parser().parse(json);
            byFile.put(version, schema);
            byFingerprint.put(SchemaNormalization.parsingFingerprint64(schema), schema);
        } catch (SchemaParseException e) {
            throw new IOException("Released schema " + version + " is no Avro schema", e);
        }
    }

    private static ClassLoader classLoader() {
        return ReleasedSchemas.class.getClassLoader();
    }
}
