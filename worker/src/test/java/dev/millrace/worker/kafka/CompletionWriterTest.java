package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.TokenLogprob;
import dev.millrace.schemas.event.TokenLogprobs;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.schemas.event.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class CompletionWriterTest {
    private final List<byte[]> sent = new ArrayList<>();
    private final ReplyWriter replies = new ReplyWriter(
            record -> {
                sent.add(record.value());
                return CompletableFuture.completedFuture(0L);
            },
            new TopicPartition("replies", 0),
            new ReplyForm(false, List.of()),
            new UUID(1, 2),
            new Writer(3, 4));
    private final CompletionWriter writer = new CompletionWriter(
            replies, 5, false, "", CompletableFuture.completedFuture(null), failure -> {}, terminal -> {});

    @Test
    void writesLogprobsWhereTheyWereAskedFor() throws Exception {
        List<TokenLogprobs> logprobs = List.of(
                new TokenLogprobs(
                        -0.5f, List.of(new TokenLogprob(7, -0.5f, null), new TokenLogprob(9, -1.25f, null)), null),
                new TokenLogprobs(
                        -3f, List.of(new TokenLogprob(9, -0.25f, null), new TokenLogprob(7, -2f, null)), null));

        writer.onTokens(4, List.of(7, 8), "ab", logprobs);
        writer.onTokens(6, List.of(9), "c", null);
        writer.onFinished(FinishReason.STOP, "", new Usage(5, 3, 0, 0), new Timings(0.0, 0.0, 0.0), null);

        assertThat(EventCodec.REPLY_EVENT.decode(sent.get(0)).getBody())
                .isEqualTo(new Tokens(4, List.of(7, 8), "ab", logprobs));
        assertThat(EventCodec.REPLY_EVENT.decode(sent.get(1)).getBody())
                .isEqualTo(new Tokens(6, List.of(9), "c", null));
    }
}
