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
    void whoResumesAndWhoStillReadsKnowOfEachOther() {
        second.join();
        everybodyHears();

        assertThat(first.none()).isFalse();
        assertThat(second.none()).isFalse();
    }

    @Test
    void whoseClientIsGoneIsNotThere() {
        firstGone = true;
        first.leave();
        second.join();
        everybodyHears();

        assertThat(first.none()).isFalse();
        assertThat(second.none()).isTrue();
    }

    @Test
    void whenBothLeaveAtOnceBothKnow() {
        second.join();
        everybodyHears();

        firstGone = true;
        secondGone = true;
        first.leave();
        second.leave();
        everybodyHears();

        assertThat(first.none()).isTrue();
        assertThat(second.none()).isTrue();
    }

    @Test
    void nothingIsSaidOfAResponseThatWasNeverResumed() {
        first.leave();

        assertThat(said).isEmpty();
        assertThat(first.none()).isTrue();
    }

    private void everybodyHears() {
        while (!said.isEmpty()) {
            Attendance next = said.remove();
            first.on(next, firstGone);
            second.on(next, secondGone);
        }
    }
}
