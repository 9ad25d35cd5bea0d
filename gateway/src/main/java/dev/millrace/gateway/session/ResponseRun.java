package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.Ending;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.Pace;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.Utf8;
import dev.millrace.gateway.kafka.Reply;
import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Progress;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * One response, over WebSocket or HTTP, from its prompt to its terminal event.
 *
 * <p>A worker's death is not to be seen here: {@link ReplyStream} passes over what a zombie writes, and the next
 * worker's tokens continue the text.
 *
 * <p>Neither is a gateway's. The numbers of frames say how much of the log a client has been told, whichever gateway
 * told it and however it made deltas of the tokens: the events that count are counted from the log's beginning, and each
 * has eight numbers, one for each frame that it may bring. Of a resumed response the log is read anew and what has a
 * number up to the client's last is not written.
 *
 * <p>Owned by its session's event loop.
 */
final class ResponseRun implements AnswerRun {
    private static final int NUMBERS_OF_AN_EVENT = 8;
    private static final int BEGIN = 0;
    private static final int ITEM_ADDED = 1;
    private static final int PART_ADDED = 2;
    private static final int CONTENT = 3;
    private static final int TEXT_DONE = 4;
    private static final int PART_DONE = 5;
    private static final int ITEM_DONE = 6;
    private static final int TERMINAL = 7;

    private final ReplyStream stream;
    private final ResponseEvents events;
    private final @Nullable ResponseClock clock;
    private final SessionMetrics metrics;
    private final int startingAfter;
    private final Telling telling;
    /** Live events that come before those of the past are all there, or before they may be told; null when they are. */
    private @Nullable HeldReplies held;

    private final StringBuilder text = new StringBuilder();
    /** How much of the text the client has. */
    private int written;

    /** The same in bytes of JSON, first of all text. */
    private long textBytes;

    private long writtenBytes;

    /** Events of the log that count, so far. Beneath, which of them it was; 0: none. */
    private int counted;

    private int begin;
    private int restarted;
    private int progressed;
    /** The first with text since it began or started over. */
    private int itemAdded;

    private int textAdded;

    /** The frame of the ending that comes next. */
    private int nextOfEnding = TEXT_DONE;

    private boolean begun;
    private boolean itemTold;
    private boolean accepted;
    private boolean told;
    private @Nullable Progress progress;
    private @Nullable String restart;
    private @Nullable Ending ending;

    private ResponseRun(
            ReplyStream stream,
            ResponseEvents events,
            @Nullable ResponseClock clock,
            SessionMetrics metrics,
            int startingAfter,
            Telling telling) {
        this.stream = stream;
        this.events = events;
        this.clock = clock;
        this.metrics = metrics;
        this.startingAfter = startingAfter;
        this.telling = telling;
    }

    /** Of a prompt that is about to be sent. */
    static ResponseRun begun(
            ReplyStream stream, ResponseEvents events, ResponseClock clock, SessionMetrics metrics, Telling telling) {
        return new ResponseRun(stream, events, clock, metrics, 0, telling);
    }

    /**
     * Of a response whose log is read from its beginning: first {@link #acceptEarlier} has what was there already, then
     * {@link #onCaughtUp}. Nobody took its times here.
     *
     * @param startingAfter the number of the last frame that the client has
     */
    static ResponseRun resumed(
            ReplyStream stream, ResponseEvents events, SessionMetrics metrics, int startingAfter, Telling telling) {
        ResponseRun run = new ResponseRun(stream, events, null, metrics, startingAfter, telling);
        run.held = HeldReplies.few();
        return run;
    }

    @Override
    public void accept(Reply reply) {
        if (held == null) {
            acceptEarlier(reply);
        } else {
            held.add(reply);
        }
    }

    /** Tells nothing before {@link #onCaughtUp}, though it begins. */
    void hold() {
        held = HeldReplies.all();
    }

    /** Returns whether it goes on live. If not, live events have been passed over, and the log is to be read further. */
    boolean onCaughtUp() {
        HeldReplies live = held;
        if (live == null) {
            return true;
        }
        held = live.complete() ? null : HeldReplies.few();
        if (live.complete()) {
            live.replies().forEach(this::accept);
        }
        return live.complete();
    }

    void acceptEarlier(Reply reply) {
        Delivery delivery = stream.accept(reply.offset(), reply.event());
        if (ending != null || delivery == Delivery.Ignored.IGNORED) {
            return;
        }
        counted++;
        if (delivery instanceof Delivery.Accepted) {
            onAccepted();
        } else if (delivery instanceof Delivery.Progressed progressing) {
            onProgress(progressing.progress());
        } else if (delivery instanceof Delivery.Text chunk) {
            onText(chunk);
        } else if (delivery instanceof Delivery.StartedOver startedOver) {
            onRestart(startedOver.reason());
        } else if (delivery instanceof Delivery.Ended terminal) {
            append(terminal.finished().getText());
            end(Ending.of(terminal.finished()));
        }
    }

    /** The first claim places it in a queue; later ones are takeovers, which the client need not know of. */
    private void onAccepted() {
        if (!accepted) {
            accepted = true;
            onProgress(new Progress(null, 0, 0));
        }
    }

    private void onProgress(Progress latest) {
        progress = latest;
        progressed = counted;
        if (!queued(latest)) {
            onBegin();
        }
    }

    private static boolean queued(Progress progress) {
        return progress.getQueuePosition() != null || progress.getPromptTokens() == 0;
    }

    private void onBegin() {
        if (begin == 0) {
            begin = counted;
        }
    }

    private void onText(Delivery.Text chunk) {
        if (clock != null && clock.onTokens(chunk.ids().size())) {
            metrics.onFirstToken(clock.secondsToFirstToken());
        }
        append(chunk.text());
    }

    private void append(String more) {
        if (!more.isEmpty()) {
            onBegin();
            if (text.isEmpty()) {
                itemAdded = counted;
            }
            text.append(more);
            textBytes += Utf8.jsonLength(more);
            textAdded = counted;
            if (has(number(counted, CONTENT))) {
                onWritten();
            }
        }
    }

    private void onWritten() {
        written = text.length();
        writtenBytes = textBytes;
    }

    private void onRestart(String reason) {
        onBegin();
        text.setLength(0);
        textBytes = 0;
        onWritten();
        itemTold = false;
        progress = null;
        restart = reason;
        restarted = counted;
    }

    @Override
    public void fail(ErrorCode code, String message) {
        if (ending == null) {
            counted++;
            end(Ending.failed(code, message));
        }
    }

    /** The log is gone; all text that the client has is void, since nobody can tell how much that is. */
    void onWholeAnswer(Completion answer) {
        if (ending == null) {
            counted = Math.max(counted, startingAfter / NUMBERS_OF_AN_EVENT) + 1;
            onRestart(ErrorCode.CURSOR_EXPIRED.code());
            counted++;
            append(answer.getText());
            end(Ending.of(answer));
        }
    }

    private void end(Ending last) {
        if (last.reason() != FinishReason.ERROR) {
            onBegin();
        }
        ending = last;
        if (held == null) { // who only reads what ended long ago ends nothing
            metrics.onEnded(last.reason());
        }
        held = null;
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
        return telling.whole() ? 0 : textBytes - writtenBytes;
    }

    @Override
    public void flush(SocketOutbox outbox) {
        boolean all = telling.whole() || write(outbox);
        if (all && ending != null && !told) {
            told = true;
            telling.onTold().accept(this);
        }
    }

    /** The response as it is now. */
    String snapshot() {
        return ending == null
                ? events.present(begin == 0 ? "queued" : "in_progress", text.toString())
                : events.whole(ending, text.toString(), pace());
    }

    /** All of it that is known. */
    String text() {
        return text.toString();
    }

    /** Why it ended before its time; null where it did not, or runs. */
    @Nullable
    Failure failure() {
        return ending == null ? null : ending.failure();
    }

    /** Whether that was all. */
    private boolean write(SocketOutbox outbox) {
        if (begin > 0 && !begun) {
            begun = true;
            write(outbox, begin, BEGIN, events::inProgress);
        }
        flushRestart(outbox);
        flushProgress(outbox);
        flushText(outbox);
        return ending == null || told || flushEnding(outbox, ending);
    }

    private void flushRestart(SocketOutbox outbox) {
        String reason = restart;
        restart = null;
        if (reason != null) {
            write(outbox, restarted, CONTENT, number -> events.restarted(number, reason));
        }
    }

    /** For show; once there is text, it says enough. */
    private void flushProgress(SocketOutbox outbox) {
        Progress latest = progress;
        progress = null;
        if (latest != null && text.isEmpty() && ending == null) {
            write(
                    outbox,
                    progressed,
                    CONTENT,
                    number -> queued(latest)
                            ? events.queued(number, latest.getQueuePosition())
                            : events.progress(number, latest.getPrefilledTokens(), latest.getPromptTokens()));
        }
    }

    private void flushText(SocketOutbox outbox) {
        if (!itemTold && !text.isEmpty()) {
            itemTold = true;
            write(outbox, itemAdded, ITEM_ADDED, events::itemAdded);
            write(outbox, itemAdded, PART_ADDED, events::partAdded);
        }
        if (written < text.length()) {
            outbox.write(events.delta(number(textAdded, CONTENT), text.substring(written)));
            onWritten();
        }
    }

    /** Each event has the whole text again, so each waits until it fits. */
    private boolean flushEnding(SocketOutbox outbox, Ending last) {
        if (last.reason() == FinishReason.ERROR || text.isEmpty()) {
            nextOfEnding = TERMINAL;
        }
        while (nextOfEnding <= TERMINAL && outbox.takes(textBytes)) {
            writeEnding(outbox, nextOfEnding, last, text.toString());
            nextOfEnding++;
        }
        return nextOfEnding > TERMINAL;
    }

    /** Who resumes what it had been told the end of is told again: it asked, and gets an answer. */
    private void writeEnding(SocketOutbox outbox, int frame, Ending last, String whole) {
        switch (frame) {
            case TEXT_DONE -> write(outbox, counted, TEXT_DONE, number -> events.textDone(number, whole));
            case PART_DONE -> write(outbox, counted, PART_DONE, number -> events.partDone(number, whole));
            case ITEM_DONE -> write(outbox, counted, ITEM_DONE, number -> events.itemDone(number, last, whole));
            default -> outbox.write(events.ended(number(counted, TERMINAL), last, whole, pace()));
        }
    }

    /** Unless the client has it. */
    private void write(SocketOutbox outbox, int event, int frame, IntFunction<String> encoded) {
        int number = number(event, frame);
        if (!has(number)) {
            outbox.write(encoded.apply(number));
        }
    }

    private Pace pace() {
        return clock == null ? new Pace(null, null) : clock.pace();
    }

    private static int number(int event, int frame) {
        return event * NUMBERS_OF_AN_EVENT + frame;
    }

    private boolean has(int number) {
        return number <= startingAfter;
    }
}
