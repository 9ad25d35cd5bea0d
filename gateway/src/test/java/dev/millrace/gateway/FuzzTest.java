package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.http.HttpTimings;
import dev.millrace.gateway.session.SessionLimits;
import io.netty.util.ResourceLeakDetector;
import io.vertx.core.json.JsonObject;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Thousands of hostile frames and requests, {@code -Dmillrace.fuzz=200000} for so many. What it says first is the seed
 * to have the same ones again, {@code -Dmillrace.fuzz.seed}; only how their senders are interleaved is another each time.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class FuzzTest {
    /** Stands in all that is sent, and must stand in no log. */
    static final String CANARY = "canary7f3ab1";

    private static final int ATTACKS = Integer.getInteger("millrace.fuzz", 20_000);
    private static final long SEED = Long.getLong("millrace.fuzz.seed", new Random().nextLong());
    private static final int SENDERS = 8;
    private static final int ROUNDS = 4;
    private static final long MOST_HEAP_GROWTH_BYTES = 8 << 20;
    /** Enough for those that mean to come to an end, each among eight on this machine. */
    private static final HttpTimings TIMINGS = HttpTimings.of(Duration.ofSeconds(5));

    private static final SessionLimits LIMITS = new SessionLimits(32, 4 << 20, Duration.ofMillis(100));

    private final ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
    private final ExecutorService senders = Executors.newFixedThreadPool(SENDERS);

    @AfterEach
    void restore() {
        ResourceLeakDetector.setLevel(level);
        senders.shutdownNow();
    }

    @Test
    void survivesWhateverIsSent() throws Exception {
        System.out.println("fuzz: " + ATTACKS + " attacks, -Dmillrace.fuzz.seed=" + SEED);
        FakeKafka kafka = new FakeKafka(true);
        try (CapturedLog log = new CapturedLog();
                GatewayFixture gateway = new GatewayFixture(LIMITS, kafka, TIMINGS);
                AnsweringWorker worker = new AnsweringWorker(kafka)) {
            worker.start();
            watchBuffers();
            long heapBytes = 0;
            for (int round = 0; round < ROUNDS; round++) {
                attack(gateway, round);
                serves(gateway);
                heapBytes = round == ROUNDS / 2 - 1 ? usedHeapBytes(gateway) : heapBytes;
            }

            assertThat(usedHeapBytes(gateway) - heapBytes)
                    .as("growth of the heap")
                    .isLessThan(MOST_HEAP_GROWTH_BYTES);
            serves(gateway); // who takes a buffer hears of those that were lost
            assertThat(log.text()).doesNotContain(CANARY).doesNotContain("LEAK").doesNotContain("ERROR");
        }
    }

    /** Once Vert.x is there, which turns it off. To note every byte that is read, and not only who took it, takes minutes. */
    private static void watchBuffers() {
        System.setProperty("io.netty.leakDetection.acquireAndReleaseOnly", "true");
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    }

    private void attack(GatewayFixture gateway, int round) throws Exception {
        List<Callable<Void>> attacks = new ArrayList<>();
        for (int i = 0; i < SENDERS; i++) {
            Random random = new Random(SEED + SENDERS * (long) round + i);
            attacks.add(i % 2 == 0 ? () -> frames(gateway, random) : () -> requests(gateway, random));
        }
        for (Future<Void> sender : senders.invokeAll(attacks, 5, TimeUnit.MINUTES)) {
            sender.get();
        }
    }

    private static Void frames(GatewayFixture gateway, Random random) throws Exception {
        try (HostileSocket socket = new HostileSocket(gateway.httpPort(), random, gateway.document())) {
            for (int i = 0; i < ATTACKS / ROUNDS / SENDERS; i++) {
                socket.attack();
            }
        }
        return null;
    }

    private static Void requests(GatewayFixture gateway, Random random) throws Exception {
        OpenApi document = new HttpChat(gateway.httpPort()).document();
        HostileRequests requests = new HostileRequests(gateway.httpPort(), random, document);
        try (SlowLoris slow = new SlowLoris(gateway.httpPort())) {
            for (int sent = 0; sent < ATTACKS / ROUNDS / SENDERS; ) {
                sent += requests.attack();
                slow.goOn();
            }
            slow.assertClosed(document);
        }
        return null;
    }

    private static void serves(GatewayFixture gateway) throws Exception {
        ChatClient client = gateway.connect();
        client.ask("Hi");
        client.next("response.created");
        JsonObject last = client.next();
        while (last.getJsonObject("response") == null
                || !last.getString("type").matches(".*(completed|incomplete|failed)")) {
            last = client.next();
        }
        client.close();
        HttpChat chat = new HttpChat(gateway.httpPort());
        assertThat(chat.ask(HttpChat.question()).get(20, TimeUnit.SECONDS).statusCode())
                .isIn(200, 400);
    }

    /** When nobody is there any more. */
    private static long usedHeapBytes(GatewayFixture gateway) {
        await().untilAsserted(() -> {
            assertThat(gateway.metric("millrace_gateway_sockets")).isZero();
            assertThat(gateway.metric("millrace_gateway_responses_running")).isZero();
            assertThat(gateway.metric("millrace_gateway_subscriptions")).isZero();
        });
        long usedBytes = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            usedBytes = Math.min(
                    usedBytes,
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return usedBytes;
    }
}
