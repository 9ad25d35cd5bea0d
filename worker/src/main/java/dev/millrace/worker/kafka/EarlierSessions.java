package dev.millrace.worker.kafka;

import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Progress;
import dev.millrace.schemas.event.ReplyEvent;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/**
 * What the sessions that had a prompt before did with it. A session says in the log when its device takes the prompt
 * up, and a worker that loses the partition or stops in order says that it puts the prompt down. A session that took
 * it up, has gone, and never put it down has crashed.
 *
 * <p>Sessions are told apart by their nonce. A word counts also when it comes late, from a writer that has been
 * superseded: a worker that was cut off for a while says it when it can. Owned by whoever owns the history.
 */
final class EarlierSessions {
    private final UUID promptId;
    private final Set<Long> claimed = new HashSet<>();
    /** Since the completion last grew. */
    private final Set<Long> tookUp = new HashSet<>();

    private final Set<Long> putDown = new HashSet<>();

    EarlierSessions(UUID promptId) {
        this.promptId = promptId;
    }

    /**
     * The next event of the log, of whichever prompt.
     *
     * @param delivery what it means to a reader
     */
    void accept(ReplyEvent event, Delivery delivery) {
        if (!event.getPromptId().equals(promptId)) {
            return;
        }
        if (event.getBody() instanceof Claimed) {
            claimed.add(event.getNonce());
        } else if (event.getBody() instanceof Progress progress) {
            accept(event.getNonce(), progress);
        } else if (delivery instanceof Delivery.Text) {
            tookUp.retainAll(Set.of(event.getNonce()));
        }
    }

    /** A place in the queue before the prompt is taken up is no putting down. */
    private void accept(long nonce, Progress progress) {
        if (progress.getQueuePosition() == null) {
            tookUp.add(nonce);
            putDown.remove(nonce);
        } else {
            putDown.add(nonce);
        }
    }

    /** Whether any other than this session has claimed the prompt. */
    boolean others(long nonce) {
        return claimed.stream().anyMatch(other -> other != nonce);
    }

    /** How many other sessions than this crashed while they ran the prompt, all at the index where it now stands. */
    int crashes(long nonce) {
        return (int) tookUp.stream()
                .filter(other -> other != nonce && !putDown.contains(other))
                .count();
    }
}
