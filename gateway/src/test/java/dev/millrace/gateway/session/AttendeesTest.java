package dev.millrace.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.Attendance;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AttendeesTest {
    private static final UUID ID = UUID.randomUUID();

    private final Deque<Attendance> said = new ArrayDeque<>();
    private final Attendees first = new Attendees(ID, said::add);
    private final Attendees second = new Attendees(ID, said::add);
    private boolean firstGone;
    private boolean secondGone;

    @Test
    void whoWasLeftFirstHasNoDuty() {
        second.join();
        everybodyHears();
        leaveFirst();
        everybodyHears();

        assertThat(first.last()).isFalse();

        leaveSecond();
        everybodyHears();

        assertThat(first.last()).isFalse();
        assertThat(second.last()).isTrue();
    }

    @Test
    void ofTwoThatAreLeftAtOnceOneIsTheLast() {
        second.join();
        everybodyHears();

        leaveFirst();
        leaveSecond();
        everybodyHears();

        assertThat(first.last()).isNotEqualTo(second.last());
    }

    /** Its own grace period may end while the client is on its way from one socket to the next. */
    @Test
    void whoeverCameAfterItTakesTheDutyForGood() {
        leaveFirst();
        second.come();
        everybodyHears();
        assertThat(first.last()).isFalse();
        leaveSecond();
        everybodyHears();

        assertThat(first.last()).isFalse();
        assertThat(second.last()).isTrue();
    }

    @Test
    void nothingIsSaidOfAResponseThatWasNeverResumed() {
        first.leave();

        assertThat(said).isEmpty();
        assertThat(first.last()).isTrue();
    }

    private void leaveFirst() {
        firstGone = true;
        first.leave();
    }

    private void leaveSecond() {
        secondGone = true;
        second.leave();
    }

    private void everybodyHears() {
        while (!said.isEmpty()) {
            Attendance next = said.remove();
            first.on(next, firstGone);
            second.on(next, secondGone);
        }
    }
}
