package dev.millrace.compose.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

/** Chat clients, and a fault of their gateways while they read. Owned by the main thread. */
final class GatewayRound {

    private static final Duration PATIENCE = Duration.ofSeconds(45);
    private static final int LATEST_FAULT_MS = 1500;
    private static final long LOOK_AGAIN_MS = 10;
    /** After so many readings of all streams the clients' own code is compiled. */
    private static final int CALM_WAVES = 2;

    private final Gateways gateways;
    private final List<Question> questions;
    private final Random random;
    private final List<ChatStream> streams = new ArrayList<>();
    private final List<Long> faultsNanos = new ArrayList<>();

    GatewayRound(Gateways gateways, List<Question> questions, Random random) {
        this.gateways = gateways;
        this.questions = questions;
        this.random = random;
    }

    /** Whether all has come that was to come. */
    boolean run(int atOnce, Row row) throws IOException, InterruptedException {
        if (row == Row.KILL_GATEWAY && !prepare(atOnce)) {
            return false;
        }
        if (!startStreams(atOnce)) {
            return false;
        }
        Round.pause(random.nextInt(LATEST_FAULT_MS));
        switch (row) {
            case KILL_GATEWAY -> kill(random.nextInt(Gateways.COUNT));
            case FLICKERING_CLIENT -> flicker();
            case ROLLING_GATEWAYS -> restartAll();
            default -> throw new IllegalArgumentException(row.id());
        }
        return await(streams, ChatStream::done);
    }

    /**
     * Streams that nothing disturbs, all read again elsewhere after each wave, and then other gateways: how soon clients
     * go on is measured of clients that have been running and gateways that have just started, as after a deploy.
     */
    private boolean prepare(int atOnce) throws IOException, InterruptedException {
        boolean whole = true;
        for (int i = 0; i < CALM_WAVES && whole; i++) {
            whole = startStreams(atOnce) && await(streams, ChatStream::done) && await(readAgain(), ChatStream::done);
        }
        gateways.replaceAll();
        return whole;
    }

    private boolean startStreams(int count) throws InterruptedException {
        List<ChatStream> begun = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            begun.add(ChatStream.ask(gateways::address, questions.get(random.nextInt(questions.size())), i));
        }
        streams.addAll(begun);
        return await(begun, ChatStream::started);
    }

    private void kill(int number) throws IOException, InterruptedException {
        List<ChatStream> hit =
                streams.stream().filter(stream -> stream.at(number)).toList();
        struck();
        gateways.kill(number);
        boolean unused = await(hit, ChatStream::recovered);
        gateways.startAgain(number);
    }

    /** All of them lose their socket with every frame, from now on. */
    private void flicker() {
        struck();
        streams.forEach(ChatStream::leaveAfterEachFrame);
    }

    /** One after the other, under load to the last. */
    private void restartAll() throws IOException, InterruptedException {
        int more = streams.size() / Gateways.COUNT;
        for (int number = 0; number < Gateways.COUNT; number++) {
            struck();
            gateways.terminate(number);
            gateways.startAgain(number);
            boolean unused = startStreams(more);
        }
    }

    private void struck() {
        faultsNanos.add(System.nanoTime());
    }

    private static boolean await(List<ChatStream> streams, Predicate<ChatStream> condition)
            throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!streams.stream().allMatch(condition)) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Round.pause(LOOK_AGAIN_MS);
        }
        return true;
    }

    /** Clients that come when all is over, at other gateways, and see something else. */
    long countDisagreements() throws InterruptedException {
        List<ChatStream> late = readAgain();
        boolean all = await(late, ChatStream::done);
        long disagreements = 0;
        for (int i = 0; i < late.size(); i++) {
            disagreements += all && late.get(i).agreesWith(streams.get(i)) ? 0 : 1;
        }
        return disagreements;
    }

    private List<ChatStream> readAgain() {
        return streams.stream().map(ChatStream::again).toList();
    }

    List<ChatStream> streams() {
        return streams;
    }

    /** Each socket that a client has left is a fault as well. */
    int faults() {
        return faultsNanos.size() + streams.stream().mapToInt(ChatStream::lefts).sum();
    }

    List<Long> faultsNanos() {
        return faultsNanos;
    }
}
