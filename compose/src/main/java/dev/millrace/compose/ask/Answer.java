package dev.millrace.compose.ask;

import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Shows one answer as it comes: its text on standard output and nothing else there, all that is about it on standard
 * error. Owned by the main thread.
 */
final class Answer {
    private static final double NANOS_PER_MS = 1e6;

    private final PrintStream text;
    private final PrintStream remarks;
    private final long askedNanos;
    private long firstNanos;
    private int firstTokens;

    /** @param askedNanos of {@link System#nanoTime}, when the prompt was sent */
    Answer(OutputStream text, PrintStream remarks, long askedNanos) {
        this.text = new PrintStream(text, false, StandardCharsets.UTF_8);
        this.remarks = remarks;
        this.askedNanos = askedNanos;
    }

    /** @throws AskFailure if this was the end and not a good one, or if nobody reads the text any more */
    void show(Delivery delivery, long nowNanos) {
        if (delivery instanceof Delivery.Text chunk) {
            if (firstNanos == 0) {
                firstNanos = nowNanos;
                firstTokens = chunk.ids().size();
            }
            print(chunk.text());
        } else if (delivery instanceof Delivery.StartedOver startedOver) {
            remarks.println("\nask: the answer starts over (" + startedOver.reason() + "); what stands above is void");
        } else if (delivery instanceof Delivery.Ended ended) {
            print(ended.finished().getText());
            end(ended.finished(), nowNanos);
        }
    }

    private void print(String chunk) {
        text.print(chunk);
        text.flush();
        if (text.checkError()) {
            throw new AskFailure("standard output is closed");
        }
    }

    private void end(Finished finished, long nowNanos) {
        remarks.println("\n" + summary(finished, nowNanos));
        Failure error = finished.getError();
        if (error != null) {
            throw new AskFailure(error.getCode() + ": " + error.getMessage());
        }
        if (finished.getReason() != FinishReason.STOP && finished.getReason() != FinishReason.LENGTH) {
            throw new AskFailure("the answer ended before its time: " + word(finished.getReason()));
        }
    }

    private String summary(Finished finished, long nowNanos) {
        int tokens = finished.getUsage().getCompletionTokens();
        String reason = word(finished.getReason());
        if (firstNanos == 0) {
            return String.format(Locale.ROOT, "[%d tokens; %s]", tokens, reason);
        }
        double firstMs = (firstNanos - askedNanos) / NANOS_PER_MS;
        return String.format(
                Locale.ROOT,
                "[%d tokens, first after %.0f ms, %.1f tokens/s; %s]",
                tokens,
                firstMs,
                tokensPerSecond(tokens, nowNanos),
                reason);
    }

    /** Of the tokens behind the first chunk; an answer of one chunk is measured from the question on. */
    private double tokensPerSecond(int tokens, long nowNanos) {
        boolean oneChunk = tokens <= firstTokens;
        long sinceNanos = oneChunk ? askedNanos : firstNanos;
        return (oneChunk ? tokens : tokens - firstTokens) * 1e9 / Math.max(1, nowNanos - sinceNanos);
    }

    private static String word(FinishReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }
}
