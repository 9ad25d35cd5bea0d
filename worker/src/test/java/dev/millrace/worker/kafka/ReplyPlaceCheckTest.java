package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReplyPlaceCheckTest {
    private static final TopicPartition PLACE = new TopicPartition("elsewhere", 1);

    private final Vertx vertx = Vertx.vertx();
    private final AtomicLong clockMs = new AtomicLong();
    private CompletableFuture<TopicDescription> answer = topic(2, AclOperation.READ, AclOperation.WRITE);
    private final ReplyPlaceCheck places =
            new ReplyPlaceCheck(vertx.getOrCreateContext(), topic -> answer, clockMs::get);

    @AfterEach
    void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void agreesToWhatIsThereAndAllowed() {
        assertThat(check().succeeded()).isTrue();
    }

    @Test
    void givesUpWhatIsGoneForbiddenOrTooSmallAfterTheGrace() {
        for (CompletableFuture<TopicDescription> missing : List.of(
                CompletableFuture.<TopicDescription>failedFuture(new UnknownTopicOrPartitionException()),
                CompletableFuture.<TopicDescription>failedFuture(new TopicAuthorizationException("no")),
                topic(2, AclOperation.READ),
                topic(2, AclOperation.WRITE),
                topic(1, AclOperation.READ, AclOperation.WRITE))) {
            answer = missing;

            assertThat(givenUp(check())).isFalse();
            clockMs.addAndGet(ReplyPlaceCheck.GRACE_MS - 1);
            assertThat(givenUp(check())).isFalse();
            clockMs.addAndGet(1);

            assertThat(givenUp(check())).isTrue();
            clockMs.addAndGet(ReplyPlaceCheck.GRACE_MS + 1);
        }
    }

    @Test
    void givesUpNothingWhileKafkaDoesNotAnswer() {
        answer = CompletableFuture.failedFuture(new TimeoutException());

        check();
        clockMs.addAndGet(ReplyPlaceCheck.GRACE_MS);

        assertThat(check().failed()).isTrue();
        assertThat(givenUp(check())).isFalse();
    }

    @Test
    void beginsAnewWhenTheTopicWasThereOrNobodyAskedMeanwhile() {
        CompletableFuture<TopicDescription> there = answer;
        answer = CompletableFuture.failedFuture(new UnknownTopicOrPartitionException());
        check();
        answer = there;
        check();
        answer = CompletableFuture.failedFuture(new UnknownTopicOrPartitionException());
        clockMs.addAndGet(ReplyPlaceCheck.GRACE_MS);
        assertThat(givenUp(check())).isFalse();

        clockMs.addAndGet(ReplyPlaceCheck.GRACE_MS + 1);

        assertThat(givenUp(check())).isFalse();
    }

    private Future<Void> check() {
        Future<Void> checked = places.check(PLACE);
        checked.transform(done -> Future.succeededFuture())
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        return checked;
    }

    private static boolean givenUp(Future<Void> checked) {
        return checked.cause() instanceof UnknownReplyPlaceException;
    }

    private static CompletableFuture<TopicDescription> topic(int partitions, AclOperation... allowed) {
        return CompletableFuture.completedFuture(new TopicDescription(
                "elsewhere",
                false,
                IntStream.range(0, partitions)
                        .mapToObj(number -> new TopicPartitionInfo(number, null, List.of(), List.of()))
                        .toList(),
                Set.of(allowed)));
    }
}
