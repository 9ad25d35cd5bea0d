package dev.millrace.compose.ask;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * Asks one question over Kafka: the text on standard input, the answer on standard output. Ends with 0 when the answer
 * came to its end or to its limit, with 1 otherwise.
 */
public final class Ask {

    private Ask() {}

    public static void main(String[] arguments) throws IOException {
        try {
            ask(System.in.readAllBytes(), System.getenv(), new FileOutputStream(FileDescriptor.out), System.err);
        } catch (AskFailure e) {
            fail(e.getMessage());
        } catch (KafkaException e) {
            fail("the broker does not answer: " + e.getMessage());
        }
    }

    /**
     * Blocks until the answer is there.
     *
     * @param environment may hold KAFKA_PORT, MAX_NEW_TOKENS, TEMPERATURE and SEED
     */
    public static void ask(
            byte[] standardInput, Map<String, String> environment, OutputStream text, PrintStream remarks) {
        Question question = Question.of(standardInput, environment);
        refuseIfNobodyListens(question.kafkaPort());
        try (Exchange exchange = new Exchange("127.0.0.1:" + question.kafkaPort())) {
            Answer answer = new Answer(text, remarks, System.nanoTime());
            exchange.send(question);
            exchange.read(delivery -> answer.show(delivery, System.nanoTime()));
        }
    }

    /** Kafka's client would try for seconds, and say less. */
    private static void refuseIfNobodyListens(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(
                    new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port),
                    KafkaClients.PATIENCE_MS);
        } catch (IOException | IllegalArgumentException e) {
            throw new AskFailure(
                    "no broker on 127.0.0.1:" + port + " (" + e.getMessage() + "): is make run running?", e);
        }
    }

    private static void fail(@Nullable String message) {
        System.err.println("ask: " + message);
        System.exit(1);
    }
}
