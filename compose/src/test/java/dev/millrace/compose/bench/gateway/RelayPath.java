package dev.millrace.compose.bench.gateway;

import dev.millrace.compose.JavaProcess;
import dev.millrace.compose.broker.BrokerMain;
import dev.millrace.compose.broker.Ports;
import dev.millrace.gateway.GatewayMain;
import dev.millrace.schemas.MalformedEventException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A broker and a gateway, and in this process the generator. The topics are those of an installation of its own. Owned by
 * the benchmark's thread.
 */
final class RelayPath implements AutoCloseable {
    private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(4);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long PAUSE_NANOS = 100_000;
    private static final String FILLER = "x".repeat(Load.HEAVY_TOKENS * Load.TOKEN_CHARACTERS);

    private final Path data;
    private final JavaProcess broker;
    private final int port = Ports.claim(0);
    private final JavaProcess gateway;
    private final ReplyGenerator generator;

    /** Blocks until clients can connect. */
    RelayPath(Path data) throws IOException, InterruptedException {
        this.data = data;
        this.broker = JavaProcess.start(BrokerMain.class, Map.of(), data.resolve("kafka"), 0);
        String bootstrap = broker.line().substring(BrokerMain.READY.length());
        this.gateway = JavaProcess.start(
                GatewayMain.class,
                Map.of(),
                "--kafka-bootstrap=" + bootstrap,
                "--http-port=" + port,
                "--disconnect-grace=1s");
        while (!takesClients()) {
            pause();
        }
        this.generator = new ReplyGenerator(bootstrap);
    }

    private boolean takesClients() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static void pause() {
        LockSupport.parkNanos(PAUSE_NANOS);
    }

    /** Sockets that say and hear nothing. To be closed. */
    JavaProcess openIdle(int sockets) throws IOException, InterruptedException {
        return openClients(sockets, 0, Load.Heavy.NONE, Files.createTempFile(data, "idle", ".arrivals"));
    }

    private JavaProcess openClients(int sockets, int eventCharacters, Load.Heavy heavy, Path file)
            throws IOException, InterruptedException {
        JavaProcess clients = JavaProcess.start(
                SocketClients.class,
                Map.of(
                        "MILLRACE_CLASS_PATH",
                        Path.of("target/test-classes").toAbsolutePath().toString()),
                port,
                sockets,
                eventCharacters,
                heavy,
                file);
        clients.line();
        return clients;
    }

    ProcessFigures gateway() {
        return new ProcessFigures(gateway.pid());
    }

    /** How many sockets the gateway has closed since its clients did not read. */
    long closedAsTooSlow() {
        return gateway.standardError()
                .lines()
                .filter(line -> line.contains("too slow"))
                .count();
    }

    /** Relays a load for so long, besides a warm-up, and waits for the last of it. */
    Relayed relay(Load load, int seconds) throws IOException, InterruptedException, MalformedEventException {
        Path file = Files.createTempFile(data, "relay", ".arrivals");
        Arrivals arrivals = Arrivals.open(file);
        try (JavaProcess clients = openClients(load.sockets(), load.eventCharacters(), load.heavy(), file)) {
            List<ReplyGenerator.Stream> streams = generator.take(load.prompts());
            Map<String, ProcessFigures> processes = Map.of(
                    "broker", new ProcessFigures(broker.pid()),
                    "gateway", new ProcessFigures(gateway.pid()),
                    "clients", new ProcessFigures(clients.pid()),
                    "generator", new ProcessFigures(ProcessHandle.current().pid()));
            Map<String, Double> cpu = new TreeMap<>();
            processes.forEach((name, process) -> cpu.put(name, -process.cpuSeconds()));
            long began = System.nanoTime();
            int warmUp = send(load, streams, 0, began + WARM_UP_NANOS, arrivals);
            int sent = send(load, streams, warmUp, began + WARM_UP_NANOS + TimeUnit.SECONDS.toNanos(seconds), arrivals);
            awaitAll(sent, arrivals);
            generator.flush();
            processes.forEach((name, process) -> cpu.merge(name, process.cpuSeconds(), Double::sum));
            streams.forEach(generator::finish);
            generator.flush();
            return Relayed.of(load, warmUp, sent, arrivals, generator, cpu);
        } finally {
            Files.delete(file);
        }
    }

    /** Step by step until the time is over. Returns how many events have been sent in all. */
    private int send(
            Load load, List<ReplyGenerator.Stream> streams, int sentBefore, long untilNanos, Arrivals arrivals) {
        int sent = sentBefore;
        long stepNanos = System.nanoTime();
        while (System.nanoTime() < untilNanos && sent + load.sockets() < Arrivals.MOST_EVENTS) {
            for (ReplyGenerator.Stream stream : streams) {
                if (stream.heavy()) {
                    generator.send(stream, Load.HEAVY_TOKENS, FILLER, -1);
                } else {
                    generator.send(stream, load.tokensPerEvent(), text(sent, load), sent);
                    sent++;
                }
            }
            stepNanos += load.stepNanos();
            while (tooEarly(load, stepNanos, sent - arrivals.events())) {
                pause();
            }
        }
        return sent;
    }

    private static boolean tooEarly(Load load, long stepNanos, long onTheWay) {
        return load.stepNanos() == 0 ? onTheWay > Load.MOST_ON_THE_WAY : stepNanos > System.nanoTime();
    }

    private static String text(int number, Load load) {
        String digits = Integer.toString(number, Character.MAX_RADIX);
        String numbered = "0".repeat(Arrivals.NUMBER_DIGITS - digits.length()) + digits;
        return numbered + FILLER.substring(0, load.eventCharacters() - Arrivals.NUMBER_DIGITS);
    }

    private static void awaitAll(int sent, Arrivals arrivals) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (arrivals.events() < sent) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(String.format(
                        Locale.ROOT, "%d of %d events have come to their clients", arrivals.events(), sent));
            }
            pause();
        }
    }

    @Override
    public void close() throws IOException {
        generator.close();
        gateway.close();
        broker.close();
    }
}
