package dev.millrace.compose.faults;

import dev.millrace.schemas.Claim;
import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What one reader saw of one prompt, and what was wrong with it. Guarded by its {@link LogReader}. */
final class StreamAudit implements Seen {

    private final UUID id;
    private final Question question;
    private final int partition;
    private final ReplyStream stream;
    private final List<Integer> ids = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    /** When tokens or the terminal came, in {@link System#nanoTime}. */
    private final List<Long> arrivals = new ArrayList<>();

    private long firstOffset = Long.MAX_VALUE;
    private @Nullable Claim claim;
    private boolean claimedAnew;
    private boolean continued;
    private int restarts;
    private int gaps;
    private int repeats;
    private int delivered;
    private int written;
    private @Nullable Finished finished;
    private @Nullable Completion completion;

    StreamAudit(UUID id, Question question, String topic, int partition) {
        this.id = id;
        this.question = question;
        this.partition = partition;
        this.stream = new ReplyStream(topic, partition, id);
    }

    /** What another reader has before it reads. */
    StreamAudit unread(String topic) {
        return new StreamAudit(id, question, topic, partition);
    }

    void onReply(long offset, ReplyEvent event, long nowNanos) {
        firstOffset = Math.min(firstOffset, offset);
        if (event.getBody() instanceof Tokens tokens) {
            written += tokens.getIds().size();
        }
        Delivery delivery = stream.accept(offset, event);
        if (delivery instanceof Delivery.Accepted accepted) {
            claim = accepted.claim();
            claimedAnew = !ids.isEmpty();
        } else if (delivery instanceof Delivery.StartedOver) {
            restarts++;
            claimedAnew = false;
            ids.clear();
            text.setLength(0);
        } else if (delivery instanceof Delivery.Text tokens) {
            arrivals.add(nowNanos);
            onText(tokens);
        } else if (delivery instanceof Delivery.Ended ended) {
            arrivals.add(nowNanos);
            repeats += finished == null ? 0 : 1;
            finished = ended.finished();
            text.append(ended.finished().getText());
        }
    }

    private void onText(Delivery.Text tokens) {
        gaps += tokens.firstIndex() > ids.size() ? 1 : 0;
        repeats += tokens.firstIndex() < ids.size() || finished != null ? 1 : 0;
        continued |= claimedAnew;
        delivered += tokens.ids().size();
        ids.addAll(tokens.ids());
        text.append(tokens.text());
    }

    /** It may come more than once. */
    void onCompletion(Completion whole) {
        completion = whole;
    }

    UUID id() {
        return id;
    }

    int partition() {
        return partition;
    }

    /** Of the first event, or more than any where there is none. */
    long firstOffset() {
        return firstOffset;
    }

    boolean started() {
        return !arrivals.isEmpty();
    }

    /** The terminal and the whole answer have come. */
    @Override
    public boolean done() {
        return finished != null && completion != null;
    }

    boolean running() {
        return started() && finished == null;
    }

    /** The worker that writes it. */
    @Nullable
    String workerId() {
        return claim == null ? null : claim.workerId();
    }

    Answer answer() {
        if (finished == null) {
            throw new IllegalStateException(id + " has not ended");
        }
        return new Answer(List.copyOf(ids), text.toString(), finished.getReason());
    }

    /** Tokens came before the fault, and the terminal after it or never. */
    @Override
    public boolean hitBy(long faultNanos) {
        return started() && arrivals.get(0) < faultNanos && (finished == null || last() > faultNanos);
    }

    /** The longest time without tokens, of all that reach beyond the fault. */
    @Override
    public long silenceNanos(long faultNanos) {
        long longest = 0;
        for (int i = 1; i < arrivals.size(); i++) {
            if (arrivals.get(i) > faultNanos) {
                longest = Math.max(longest, arrivals.get(i) - arrivals.get(i - 1));
            }
        }
        return longest;
    }

    private long last() {
        return arrivals.get(arrivals.size() - 1);
    }

    /** Whether another reader has had the same. */
    boolean agreesWith(StreamAudit other) {
        return ids.equals(other.ids)
                && text.toString().contentEquals(other.text)
                && (finished == null
                        ? other.finished == null
                        : other.finished != null && finished.getReason() == other.finished.getReason());
    }

    @Override
    public boolean continued() {
        return continued;
    }

    @Override
    public int restarts() {
        return restarts;
    }

    /**
     * It ended so, or its whole answer says so: a worker that takes over a finished prompt whose log is gone cannot
     * know that it was finished.
     */
    @Override
    public boolean historyLost() {
        boolean ended = finished != null && historyLost(finished.getError());
        boolean told = completion != null && historyLost(completion.getError());
        return ended || told;
    }

    private static boolean historyLost(@Nullable Failure failure) {
        return failure != null && failure.getCode().equals("history_lost");
    }

    @Override
    public int gaps() {
        return gaps;
    }

    @Override
    public int repeats() {
        return repeats;
    }

    /** Tokens that a whole answer has behind the end of this one. */
    @Override
    public int lost() {
        return finished == null || historyLost() || question.answers().contains(answer())
                ? 0
                : question.answers().stream()
                        .filter(expected -> expected.beginsWith(ids))
                        .mapToInt(expected -> expected.ids().size() - ids.size())
                        .findFirst()
                        .orElse(0);
    }

    /** It ended with something else than an answer, or the whole answer says something else than its tokens. */
    @Override
    public boolean unequal() {
        if (historyLost()) {
            return question.answers().stream().noneMatch(expected -> expected.beginsWith(ids));
        }
        boolean endsUnequal = finished != null && !question.answers().contains(answer());
        boolean wholeIsUnequal = completion != null && !completion.getText().contentEquals(text);
        return endsUnequal || wholeIsUnequal;
    }

    @Override
    public int delivered() {
        return delivered;
    }

    /** Tokens in the log that do not count. */
    @Override
    public int wasted() {
        return written - delivered;
    }

    @Override
    public String toString() {
        return "%s: %s, %d tokens, last writer %s, \"%s\"; whole answer: %s"
                .formatted(
                        id,
                        finished == null ? "not ended" : finished.getReason(),
                        ids.size(),
                        workerId(),
                        text,
                        completion == null ? "none" : completion.getReason() + ", \"" + completion.getText() + "\"");
    }
}
