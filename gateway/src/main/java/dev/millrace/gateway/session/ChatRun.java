package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ApiError;
import dev.millrace.gateway.dialect.ChatChoice;
import dev.millrace.gateway.dialect.ChatEvents;
import dev.millrace.gateway.dialect.Ending;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.Utf8;
import dev.millrace.gateway.kafka.Reply;
import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.TokenLogprobs;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One choice of a chat completion, from its prompt to its end. Owned by its session's event loop. */
final class ChatRun implements AnswerRun {
    private final int index;
    private final ChatSession chat;
    private final ChatEvents events;
    private final ReplyStream stream;
    private final ResponseClock clock;
    private final SessionMetrics metrics;
    private final StringBuilder text = new StringBuilder();
    private final List<TokenLogprobs> logprobs = new ArrayList<>();
    /** How much of the two has been written. */
    private int written;

    private int logprobsWritten;
    private long keptBackBytes;
    private boolean begun;
    private boolean told;
    private @Nullable Ending ending;

    ChatRun(
            int index,
            ChatSession chat,
            ChatEvents events,
            ReplyStream stream,
            ResponseClock clock,
            SessionMetrics metrics) {
        this.index = index;
        this.chat = chat;
        this.events = events;
        this.stream = stream;
        this.clock = clock;
        this.metrics = metrics;
    }

    @Override
    public void accept(Reply reply) {
        Delivery delivery = stream.accept(reply.offset(), reply.event());
        if (ending != null) {
            return;
        }
        if (delivery instanceof Delivery.Text chunk) {
            onText(chunk);
        } else if (delivery instanceof Delivery.StartedOver) {
            startOver();
        } else if (delivery instanceof Delivery.Ended terminal) {
            append(terminal.finished().getText());
            end(Ending.of(terminal.finished()));
        }
    }

    private void onText(Delivery.Text chunk) {
        if (clock.onTokens(chunk.ids().size())) {
            metrics.onFirstToken(clock.secondsToFirstToken());
        }
        append(chunk.text());
        keptBackBytes += AnswerRun.logprobsBytes(chunk.logprobs());
        if (chunk.logprobs() != null) {
            logprobs.addAll(chunk.logprobs());
        }
    }

    private void append(String more) {
        text.append(more);
        keptBackBytes += Utf8.jsonLength(more);
    }

    /** What was written cannot be taken back in this dialect. */
    private void startOver() {
        if (written > 0 || logprobsWritten > 0) {
            fail(ErrorCode.ANSWER_RESTARTED, "another model took over, and the text so far is void: ask again");
        }
        text.setLength(0);
        logprobs.clear();
        keptBackBytes = 0;
    }

    @Override
    public void fail(ErrorCode code, String message) {
        if (ending == null) {
            end(Ending.failed(code, message));
        }
    }

    private void end(Ending last) {
        ending = last;
        metrics.onEnded(last.reason());
    }

    @Override
    public boolean ended() {
        return ending != null;
    }

    @Override
    public boolean told() {
        return told;
    }

    @Override
    public long keptBackBytes() {
        return chat.streams() ? keptBackBytes : 0;
    }

    @Override
    public void flush(SocketOutbox outbox) {
        Failure failure = ending == null ? null : ending.failure();
        if (told) {
            return;
        }
        if (failure != null) {
            told = true;
            chat.fail(ApiError.of(failure));
            return;
        }
        if (chat.streams()) {
            write(outbox);
        }
        if (ending != null) {
            told = true;
            chat.onTold();
        }
    }

    private void write(SocketOutbox outbox) {
        boolean news = written < text.length() || logprobsWritten < logprobs.size();
        if ((news || ending != null) && !begun) {
            begun = true;
            outbox.write(events.role(index));
        }
        if (news) {
            List<TokenLogprobs> fresh = logprobs.subList(logprobsWritten, logprobs.size());
            outbox.write(events.delta(index, text.substring(written), fresh));
            written = text.length();
            logprobsWritten = logprobs.size();
            keptBackBytes = 0;
        }
        if (ending != null) {
            outbox.write(events.finished(index, ending.reason()));
        }
    }

    /** Only once it has ended. */
    ChatChoice choice() {
        return new ChatChoice(text.toString(), logprobs, Objects.requireNonNull(ending, "runs"), clock.pace());
    }
}
