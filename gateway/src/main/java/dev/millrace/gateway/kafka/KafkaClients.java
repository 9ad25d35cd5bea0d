package dev.millrace.gateway.kafka;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Makes Kafka's clients. The operator's own properties come first and win over what is a matter of taste; what delivery
 * rests on (acknowledgement by all, no position but our own) is set last.
 */
public final class KafkaClients {
    /** Room for the largest prompt and the batch around it. */
    private static final int MAX_REQUEST_BYTES = 16 << 20;

    /** What is read for one resumed response before another one has its turn. */
    private static final int MOST_CATCH_UP_BYTES = 1 << 20;

    /**
     * How long the broker holds a fetch open that finds nothing. A consumer that turns to another partition waits for the
     * answer about the old ones first.
     */
    private static final int FETCH_MS = 50;

    /** The same where it turns to another one all the time. */
    private static final int CATCH_UP_FETCH_MS = 5;

    /** So soon it asks again for metadata, which a fetch waits for. */
    private static final int CATCH_UP_BACKOFF_MS = 10;

    private final KafkaSettings settings;
    private final String clientIdPrefix;

    public KafkaClients(KafkaSettings settings, String clientIdPrefix) {
        this.settings = settings;
        this.clientIdPrefix = clientIdPrefix;
    }

    Admin admin() {
        return Admin.create(common("admin"));
    }

    /** Without a group: it reads the partitions that this gateway names in its prompts, from now on. */
    public Consumer<byte[], byte[]> replyConsumer() {
        Map<String, Object> properties = new HashMap<>();
        properties.put("max.poll.records", 2_000);
        properties.put("fetch.max.wait.ms", FETCH_MS);
        properties.put("default.api.timeout.ms", 10_000);
        properties.putAll(common("replies"));
        properties.put("enable.auto.commit", false);
        properties.put("auto.offset.reset", "none");
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** The same, for what lies further back: in large pieces. */
    public Consumer<byte[], byte[]> catchUpConsumer() {
        Map<String, Object> properties = new HashMap<>();
        properties.put("max.poll.records", 10_000);
        properties.put("fetch.max.wait.ms", CATCH_UP_FETCH_MS);
        properties.put("fetch.max.bytes", MOST_CATCH_UP_BYTES);
        properties.put("max.partition.fetch.bytes", MOST_CATCH_UP_BYTES);
        properties.put("retry.backoff.ms", CATCH_UP_BACKOFF_MS);
        properties.put("default.api.timeout.ms", 10_000);
        properties.putAll(common("catch-up"));
        properties.put("enable.auto.commit", false);
        properties.put("auto.offset.reset", "none");
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Gives up on a prompt after half a minute: its client hears of it and may ask again. */
    public Producer<byte[], byte[]> promptProducer() {
        Map<String, Object> properties = new HashMap<>();
        properties.put("linger.ms", 0);
        properties.put("compression.type", "zstd");
        properties.put("max.request.size", MAX_REQUEST_BYTES);
        properties.put("buffer.memory", 4L * MAX_REQUEST_BYTES);
        properties.put("max.block.ms", 10_000);
        properties.put("request.timeout.ms", 10_000);
        properties.put("delivery.timeout.ms", 30_000);
        properties.putAll(common("prompts"));
        properties.put("acks", "all");
        properties.put("enable.idempotence", true);
        return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private Map<String, Object> common(String name) {
        Map<String, Object> properties = new HashMap<>(settings.client());
        properties.put("bootstrap.servers", settings.bootstrap());
        properties.put("client.id", clientIdPrefix + "-" + name);
        return properties;
    }
}
