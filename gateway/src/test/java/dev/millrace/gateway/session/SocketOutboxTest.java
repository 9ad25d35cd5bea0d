package dev.millrace.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SocketOutboxTest {
    private static final int MOST_BYTES = 10;
    private static final int MOST_CHARACTERS = 20;
    private static final int MOST_FRAMES = 2;

    private final FakeSocket socket = new FakeSocket();
    private int drained;
    private int tooSlow;
    private final SocketOutbox outbox = new SocketOutbox(
            socket,
            new SessionLimits(1, MOST_BYTES, MOST_CHARACTERS, MOST_FRAMES, Duration.ZERO),
            new SessionMetrics(new CollectorRegistry()),
            () -> drained++,
            () -> tooSlow++);

    @Test
    void isOpenUntilTheSocketHasTooMuch() {
        outbox.write("12345");
        assertThat(outbox.open()).isTrue();

        outbox.write("日本"); // six bytes

        assertThat(outbox.open()).isFalse();
    }

    @Test
    void sendsWhatWaitedInOrderOnceTheSocketIsDrained() {
        outbox.write("12345678901");
        outbox.write("a");
        outbox.write("b");

        assertThat(socket.frames).containsExactly("12345678901");
        socket.read();

        assertThat(socket.frames).containsExactly("12345678901", "a", "b");
        assertThat(outbox.open()).isTrue();
        assertThat(drained).isEqualTo(1);
    }

    @Test
    void staysFullWhileWhatWaitedFillsItAgain() {
        outbox.write("12345678901");
        outbox.write("12345678901");
        outbox.write("a");

        socket.read();
        assertThat(socket.frames).hasSize(2);
        assertThat(outbox.open()).isFalse();
        assertThat(drained).isZero();
        socket.read();

        assertThat(socket.frames).hasSize(3);
        assertThat(drained).isEqualTo(1);
    }

    @Test
    void complainsWhenTooManyFramesWait() {
        outbox.write("12345678901");
        outbox.write("a");
        outbox.write("b");
        assertThat(tooSlow).isZero();

        outbox.write("c");

        assertThat(tooSlow).isEqualTo(1);
    }

    @Test
    void complainsWhenTooMuchTextIsHeldBack() {
        outbox.onHeldBack(MOST_CHARACTERS);
        assertThat(tooSlow).isZero();

        outbox.onHeldBack(MOST_CHARACTERS + 1);

        assertThat(tooSlow).isEqualTo(1);
    }

    @Test
    void takesNothingWhenClosed() {
        outbox.write("12345678901");
        outbox.write("waits");
        outbox.close();

        outbox.write("late");
        socket.read();

        assertThat(socket.frames).containsExactly("12345678901");
        assertThat(outbox.open()).isFalse();
        assertThat(drained).isZero();
    }
}
