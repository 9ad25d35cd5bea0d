package dev.millrace.compose.broker;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The broker as a process of its own, which can be killed without the rest: {@code BrokerMain DIRECTORY PORT
 * [PROPERTY=VALUE...]}, where properties are Kafka's and win over the local broker's own. Prints one line when clients
 * can connect; an orderly end on SIGTERM.
 */
public final class BrokerMain {

    /** What stands before the address in the line that says that clients can connect. */
    public static final String READY = "ready kafka ";

    private BrokerMain() {}

    public static void main(String[] arguments) {
        if (arguments.length < 2) {
            fail("usage: BrokerMain DIRECTORY PORT [PROPERTY=VALUE...]");
        }
        try {
            EmbeddedBroker broker =
                    EmbeddedBroker.start(Path.of(arguments[0]), Integer.parseInt(arguments[1]), properties(arguments));
            Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "broker-shutdown"));
            System.out.println(READY + broker.address());
        } catch (BrokerFailure | NumberFormatException e) {
            fail(e.getMessage());
        }
    }

    private static Map<String, String> properties(String... arguments) {
        return Arrays.stream(arguments)
                .skip(2)
                .map(argument -> argument.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair.length == 2 ? pair[1] : ""));
    }

    private static void fail(@Nullable String message) {
        System.err.println("millrace broker: " + message);
        // Kafka's threads may be up already.
        Runtime.getRuntime().halt(1);
    }
}
