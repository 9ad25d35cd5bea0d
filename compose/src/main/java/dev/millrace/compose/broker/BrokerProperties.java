package dev.millrace.compose.broker;

import static java.util.Map.entry;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** How the local broker is set: one node, quick to start, careful with data, on the loopback interface only. */
final class BrokerProperties {

    static final int NODE_ID = 1;
    static final String CONTROLLER_LISTENER = "CONTROLLER";

    /** A prompt of 8 MiB in its envelope. */
    private static final String RECORD_BYTES = String.valueOf(9 * 1024 * 1024);

    /** One replica of everything, and few partitions of the internal topics, since each costs files at the start. */
    private static final Map<String, String> SINGLE_NODE = Map.ofEntries(
            entry("offsets.topic.num.partitions", "4"),
            entry("offsets.topic.replication.factor", "1"),
            entry("transaction.state.log.num.partitions", "1"),
            entry("transaction.state.log.replication.factor", "1"),
            entry("transaction.state.log.min.isr", "1"),
            entry("share.coordinator.state.topic.num.partitions", "1"),
            entry("share.coordinator.state.topic.replication.factor", "1"),
            entry("share.coordinator.state.topic.min.isr", "1"),
            entry("default.replication.factor", "1"),
            entry("num.partitions", "1"));

    /** Threads for a machine that mostly decodes. */
    private static final Map<String, String> SMALL = Map.ofEntries(
            entry("num.network.threads", "2"),
            entry("num.io.threads", "4"),
            entry("background.threads", "2"),
            entry("log.cleaner.dedupe.buffer.size", String.valueOf(8 * 1024 * 1024)));

    private static final Map<String, String> BEHAVIOUR = Map.ofEntries(
            entry("auto.create.topics.enable", "false"),
            entry("message.max.bytes", RECORD_BYTES),
            entry("replica.fetch.max.bytes", RECORD_BYTES),
            // A lone worker gets its partitions at once, and a test may have a failover of a second.
            entry("group.initial.rebalance.delay.ms", "0"),
            entry("group.min.session.timeout.ms", "1000"),
            // After a kill the controller waits for the dead broker's session before it lets the new one in.
            entry("broker.session.timeout.ms", "3000"),
            entry("broker.heartbeat.interval.ms", "500"),
            entry("controller.quorum.election.timeout.ms", "100"),
            entry("controller.quorum.election.backoff.max.ms", "50"));

    private BrokerProperties() {}

    static Map<String, String> of(Path directory, int port, int controllerPort) {
        Map<String, String> properties = new HashMap<>();
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", String.valueOf(NODE_ID));
        properties.put("log.dirs", directory.toString());
        properties.put("listeners", listener("PLAINTEXT", port) + "," + listener(CONTROLLER_LISTENER, controllerPort));
        properties.put("advertised.listeners", listener("PLAINTEXT", port));
        properties.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        properties.put("inter.broker.listener.name", "PLAINTEXT");
        properties.put("controller.listener.names", CONTROLLER_LISTENER);
        properties.put("controller.quorum.voters", NODE_ID + "@" + Ports.LOOPBACK + ":" + controllerPort);
        properties.putAll(SINGLE_NODE);
        properties.putAll(SMALL);
        properties.putAll(BEHAVIOUR);
        return properties;
    }

    private static String listener(String name, int port) {
        return name + "://" + Ports.LOOPBACK + ":" + port;
    }
}
