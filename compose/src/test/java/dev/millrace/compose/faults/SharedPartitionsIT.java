package dev.millrace.compose.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.compose.broker.Ports;
import dev.millrace.compose.stack.Expected;
import dev.millrace.compose.stack.Installation;
import dev.millrace.gateway.Gateway;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Sampling;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Gateways that have the reply partitions shared out among them come and go, in order, while streams run. */
@Timeout(180)
class SharedPartitionsIT {
    private static final String KEYS = "--cursor-keys=" + Base64.getEncoder().encodeToString(new byte[32]);
    private static final int STREAMS_OF_EACH = 3;

    private final Installation installation = Installation.create(SharedPartitionsIT.class);
    private final Vertx vertx = Vertx.vertx();
    /** Those that take clients. Read by the threads of the HTTP client. */
    private final List<Gateway> open = new CopyOnWriteArrayList<>();

    private final List<ChatStream> streams = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @Test
    void comeAndGoAndChangeNothingForRunningStreams() throws Exception {
        try (JavaProcess worker = installation.startWorker("--slots=16", "--pace-tokens-per-second=60")) {
            Gateway first = start("--reply-partitions=0");
            Gateway second = start("--reply-partitions=1");
            ask(first);
            ask(second);
            awaitText();

            Gateway third = start("--reply-partitions=0,1");
            ask(third);
            awaitText();
            assertNoneHasEnded();
            stop(second);
            stop(third);
            assertNoneHasEnded();

            Awaitility.await()
                    .atMost(Duration.ofSeconds(90))
                    .until(() -> streams.stream().allMatch(ChatStream::done));
            worker.terminate();
        }
        assertThat(streams).hasSize(3 * STREAMS_OF_EACH).allSatisfy(stream -> {
            assertThat(stream.unequal()).as("%s", stream).isFalse();
            assertThat(stream.gaps() + stream.repeats() + stream.lost() + stream.restarts())
                    .as("%s", stream)
                    .isZero();
        });
        assertThat(streams).filteredOn(ChatStream::continued).hasSize(2 * STREAMS_OF_EACH);
    }

    private Gateway start(String replyPartitions) throws Exception {
        Gateway gateway = installation.startGateway(vertx, KEYS, replyPartitions);
        open.add(gateway);
        return gateway;
    }

    private void stop(Gateway gateway) throws Exception {
        open.remove(gateway);
        gateway.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private void ask(Gateway gateway) throws Exception {
        Expected longest = Expected.longest();
        Sampling sampling = Sampling.newBuilder()
                .setTemperature(0f)
                .setSeed(0L)
                .setMaxNewTokens(longest.answerIds().size() + 1)
                .build();
        Answer answer = new Answer(longest.answerIds(), longest.answer(), FinishReason.STOP);
        for (int i = 0; i < STREAMS_OF_EACH; i++) {
            Question question = new Question(longest.messages(), sampling, List.of(answer));
            streams.add(ChatStream.ask(this::address, question, open.indexOf(gateway)));
        }
    }

    private URI address(int number) {
        int port = open.get(number % open.size()).httpPort();
        return URI.create("ws://" + Ports.LOOPBACK + ":" + port + "/v1/responses");
    }

    private void awaitText() {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> streams.stream().allMatch(ChatStream::started));
    }

    private void assertNoneHasEnded() {
        assertThat(streams).noneMatch(ChatStream::done);
    }
}
