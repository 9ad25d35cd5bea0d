package dev.millrace.schemas.protocol;

import dev.millrace.schemas.Writer;
import java.util.ArrayList;
import java.util.List;

/**
 * One worker's hold on one partition of prompts, and what it does with the prompt. A worker that gets a partition back
 * has a new session.
 *
 * @param number from 0, in the order in which sessions begin; in traces A, B, C
 * @param source the partition of prompts
 * @param model that its worker generates with, from 1
 * @param epoch of its last claim, or the highest seen where it is about to raise it
 * @param newer whether the prompt was appended after the session began
 * @param next index of the next token to send
 * @param failed whether a send of the current claim has failed
 * @param inFlight sent and not yet landed, oldest first
 */
record Session(
        int number,
        int source,
        int model,
        Hold hold,
        Phase phase,
        long epoch,
        long nonce,
        boolean newer,
        int next,
        boolean failed,
        List<Event> inFlight) {

    /** How the group sees the worker. */
    enum Hold {
        OWNER,
        /** Has lost the partition and does not know: its worker is still in an older generation of the group. */
        ZOMBIE,
        /** Only without {@link Rule#REVOKED_CLOSES}: its worker is in the current generation, without the partition. */
        REJOINED,
        /** Killed, or revoked and closed. */
        CLOSED
    }

    enum Phase {
        /** The prompt has not come yet. */
        WAITING,
        CLAIMED,
        RESTARTED,
        GENERATING,
        FINISHED,
        /** The terminal stands in the log, or is another's to write. */
        COMMITTING,
        RAISING,
        DONE
    }

    Writer writer() {
        return new Writer(epoch, nonce);
    }

    boolean open() {
        return hold != Hold.CLOSED;
    }

    boolean awaitsOwn() {
        return inFlight.stream().anyMatch(event -> event.writer().equals(writer()));
    }

    Session with(Hold hold) {
        return new Session(number, source, model, hold, phase, epoch, nonce, newer, next, failed, inFlight);
    }

    Session with(Phase phase) {
        return new Session(number, source, model, hold, phase, epoch, nonce, newer, next, failed, inFlight);
    }

    Session withEpoch(long epoch) {
        return new Session(number, source, model, hold, phase, epoch, nonce, newer, next, false, inFlight);
    }

    Session withNewer() {
        return new Session(number, source, model, hold, phase, epoch, nonce, true, next, failed, inFlight);
    }

    Session withNext(int next) {
        return new Session(number, source, model, hold, phase, epoch, nonce, newer, next, failed, inFlight);
    }

    Session withFailed() {
        return new Session(number, source, model, hold, phase, epoch, nonce, newer, next, true, inFlight);
    }

    Session sends(Event event) {
        List<Event> more = new ArrayList<>(inFlight);
        more.add(event);
        return withInFlight(more);
    }

    Session without(int sent) {
        List<Event> fewer = new ArrayList<>(inFlight);
        fewer.remove(sent);
        return withInFlight(fewer);
    }

    Session closed() {
        return with(Hold.CLOSED).with(Phase.DONE).withInFlight(List.of());
    }

    private Session withInFlight(List<Event> events) {
        return new Session(number, source, model, hold, phase, epoch, nonce, newer, next, failed, List.copyOf(events));
    }

    @Override
    public String toString() {
        return String.valueOf((char) ('A' + number));
    }
}
