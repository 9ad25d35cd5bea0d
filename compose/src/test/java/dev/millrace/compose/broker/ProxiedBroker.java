package dev.millrace.compose.broker;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;

/** The broker as it is everywhere else, with a second door that leads through a {@link Proxy}. */
final class ProxiedBroker implements AutoCloseable {
    private final int port = Ports.claim(0);
    private final int proxied = Ports.claim(0);
    private final Proxy proxy;
    private final KafkaRaftServer server;

    ProxiedBroker(Path directory) throws IOException {
        int behind = Ports.claim(0);
        proxy = new Proxy(proxied, behind);
        new DataDirectory(directory).prepare();
        Map<String, String> properties = new HashMap<>(BrokerProperties.of(directory, port, Ports.claim(0)));
        properties.merge("listeners", ",PROXIED://" + Ports.LOOPBACK + ":" + behind, String::concat);
        properties.merge("advertised.listeners", ",PROXIED://" + Ports.LOOPBACK + ":" + proxied, String::concat);
        properties.merge("listener.security.protocol.map", ",PROXIED:PLAINTEXT", String::concat);
        server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
        server.startup();
    }

    Proxy proxy() {
        return proxy;
    }

    String address() {
        return Ports.LOOPBACK + ":" + port;
    }

    String addressThroughProxy() {
        return Ports.LOOPBACK + ":" + proxied;
    }

    @Override
    public void close() {
        proxy.close();
        server.shutdown();
        server.awaitShutdown();
    }
}
