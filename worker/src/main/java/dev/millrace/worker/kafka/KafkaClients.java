package dev.millrace.worker.kafka;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Makes Kafka's clients. The operator's own properties come first and win over what is a matter of taste; what the
 * delivery rules rest on (acknowledgement by all, no automatic commits, earliest, nothing of an aborted transaction) is
 * set last.
 */
final class KafkaClients {
    /** Room for the largest prompt and its headers, which a dead letter repeats. */
    private static final int MAX_REQUEST_BYTES = 16 << 20;

    /**
     * The members of a group learn by a heartbeat's answer that one has left or joined: so long readers wait at its
     * SIGTERM, and twice at the start of its successor.
     */
    private static final int HEARTBEAT_MS = 100;

    /**
     * A broker that is asked for the partitions of before is not asked for others until it has answered. So long the
     * first record of a partition that was taken over waits at most; Kafka's default is half a second.
     */
    private static final int FETCH_MS = 50;

    /** What is read back stands in the log already, so nothing is gained by waiting for more. */
    private static final int READ_BACK_FETCH_MS = 5;

    private final KafkaSettings settings;
    private final String clientIdPrefix;

    KafkaClients(KafkaSettings settings, String clientIdPrefix) {
        this.settings = settings;
        this.clientIdPrefix = clientIdPrefix;
    }

    Admin admin() {
        return Admin.create(common("admin"));
    }

    /** Of prompts. The classic protocol, since there the client sets how soon a dead worker is replaced. */
    Consumer<byte[], byte[]> promptConsumer() {
        Map<String, Object> properties = new HashMap<>();
        properties.put("session.timeout.ms", (int) settings.sessionTimeout().toMillis());
        properties.put(
                "heartbeat.interval.ms",
                Math.min(HEARTBEAT_MS, (int) settings.sessionTimeout().toMillis() / 3));
        properties.put("fetch.max.wait.ms", FETCH_MS);
        properties.put("max.poll.records", 16);
        properties.put("max.partition.fetch.bytes", MAX_REQUEST_BYTES);
        properties.put("default.api.timeout.ms", 10_000);
        properties.putAll(common("prompts"));
        properties.put("group.id", settings.group());
        properties.put("group.protocol", "classic");
        properties.put("partition.assignment.strategy", CooperativeStickyAssignor.class.getName());
        properties.put("enable.auto.commit", false);
        properties.put("auto.offset.reset", "earliest");
        properties.put("isolation.level", "read_committed");
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Of replies, without a group: it goes where a claim stands. */
    Consumer<byte[], byte[]> replyConsumer() {
        Map<String, Object> properties = new HashMap<>();
        properties.put("fetch.max.wait.ms", READ_BACK_FETCH_MS);
        properties.put("max.poll.records", 10_000);
        properties.put("default.api.timeout.ms", 10_000);
        properties.putAll(common("read-back"));
        properties.put("enable.auto.commit", false);
        properties.put("auto.offset.reset", "none");
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Of cancellations, without a group: it goes where the prompts are. */
    Consumer<byte[], byte[]> controlConsumer() {
        Map<String, Object> properties = new HashMap<>();
        properties.put("default.api.timeout.ms", 10_000);
        properties.put("fetch.max.wait.ms", FETCH_MS);
        properties.putAll(common("controls"));
        properties.put("enable.auto.commit", false);
        properties.put("auto.offset.reset", "earliest");
        properties.put("isolation.level", "read_committed");
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    Producer<byte[], byte[]> producer() {
        Map<String, Object> properties = new HashMap<>();
        properties.put("linger.ms", 0); // chunks are gathered before they come here, and all else is waited for
        properties.put("max.request.size", MAX_REQUEST_BYTES);
        properties.put("max.block.ms", 2_000);
        properties.putAll(common("replies"));
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
