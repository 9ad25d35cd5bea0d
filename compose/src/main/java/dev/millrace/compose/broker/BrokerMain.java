package dev.millrace.compose.broker;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The broker as a process of its own, which can be killed without the rest: {@code BrokerMain DIRECTORY PORT}. Prints
 * one line when clients can connect; an orderly end on SIGTERM.
 */
public final class BrokerMain {

    /** What stands before the address in the line that says that clients can connect. */
    public static final String READY = "ready kafka ";

    private BrokerMain() {}

    public static void main(String[] arguments) {
        if (arguments.length != 2) {
            fail("usage: BrokerMain DIRECTORY PORT");
        }
        try {
            EmbeddedBroker broker = EmbeddedBroker.start(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
            Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "broker-shutdown"));
            System.out.println(READY + broker.address());
        } catch (BrokerFailure | NumberFormatException e) {
            fail(e.getMessage());
        }
    }

    private static void fail(@Nullable String message) {
        System.err.println("millrace broker: " + message);
        // Kafka's threads may be up already.
        Runtime.getRuntime().halt(1);
    }
}
