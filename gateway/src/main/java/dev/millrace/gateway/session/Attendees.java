package dev.millrace.gateway.session;

import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.AttendanceSign;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * Who else waits for a response, by what other sockets have said of it, whichever gateways they are at. A socket that
 * resumes says so and asks, and those that wait answer; one that has said something says when its client goes. So who comes to
 * the end of a grace period knows whether it was the last to be left. Of a response that was never resumed nothing is
 * said.
 *
 * <p>A gateway that dies says nothing: who it stood for is taken to wait for ever, and the response runs to its end.
 *
 * <p>Owned by its session's event loop.
 */
final class Attendees {
    private final UUID promptId;
    private final Consumer<Attendance> announce;
    private final long self = ThreadLocalRandom.current().nextLong();
    private final Set<Long> others = new HashSet<>();
    /** Whether others may know of it. */
    private boolean known;
    /** Nobody else has waited or left since. All hear what is said in one order, so of all who left one is the last. */
    private boolean last = true;

    Attendees(UUID promptId, Consumer<Attendance> announce) {
        this.promptId = promptId;
        this.announce = announce;
    }

    /** This socket has resumed it, but hears of others only when it has caught up. */
    void come() {
        say(AttendanceSign.PRESENT);
    }

    /** From now on it hears of others. */
    void join() {
        say(AttendanceSign.JOINED);
    }

    /** @param clientGone whether this socket's client is */
    void on(Attendance said, boolean clientGone) {
        long who = said.getAttendee();
        boolean left = said.getSign() == AttendanceSign.LEFT;
        if (who == self) {
            last = left && others.isEmpty();
            return;
        }
        last = false;
        if (left) {
            others.remove(who);
        } else {
            others.add(who);
        }
        if (said.getSign() == AttendanceSign.JOINED && !clientGone) {
            say(AttendanceSign.PRESENT);
        }
    }

    /** This socket's client is gone. */
    void leave() {
        if (known) {
            say(AttendanceSign.LEFT);
        }
    }

    /** Of a socket that was left: whether it was the last one, so that no other grace period ends after its own. */
    boolean last() {
        return last;
    }

    private void say(AttendanceSign sign) {
        known = true;
        announce.accept(new Attendance(promptId, self, sign));
    }
}
