package dev.millrace.schemas;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A topic as the cluster has it. */
record ActualTopic(String name, int partitions, Map<String, String> configuration) {
    @Nullable
    String value(String key) {
        return configuration.get(key);
    }
}
