package dev.millrace.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SocketOutboxTest {
    private static final int MOST_BYTES = 40;
    /** More than the socket gets before the outbox is full. */
    private static final String LONG = "12345678901";

    private final FakeSocket socket = new FakeSocket();
    private int drained;
    private int tooSlow;
    private final SocketOutbox outbox = new SocketOutbox(
            socket,
            new SessionLimits(1, MOST_BYTES, Duration.ZERO),
            new SessionMetrics(new CollectorRegistry()),
            () -> drained++,
            this::onTooSlow);

    private void onTooSlow() {
        tooSlow++;
        outbox.close("last");
    }

    @Test
    void isOpenUntilTheSocketHasTooMuch() {
        outbox.write("12345");
        assertThat(outbox.open()).isTrue();

        outbox.write("日本"); // six bytes

        assertThat(outbox.open()).isFalse();
    }

    @Test
    void sendsWhatWaitedInOrderOnceTheSocketIsDrained() {
        outbox.write(LONG);
        outbox.write("a");
        outbox.write("b");

        assertThat(socket.frames).containsExactly(LONG);
        socket.read();

        assertThat(socket.frames).containsExactly(LONG, "a", "b");
        assertThat(outbox.open()).isTrue();
        assertThat(drained).isEqualTo(1);
    }

    @Test
    void staysFullWhileWhatWaitedFillsItAgain() {
        outbox.write(LONG);
        outbox.write(LONG);
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
    void holdsNoMoreThanItsBound() {
        outbox.write(LONG);
        outbox.write(LONG);
        outbox.write("日本語日本語");
        assertThat(tooSlow).isZero();

        outbox.write("a");

        assertThat(tooSlow).isEqualTo(1);
        assertThat(socket.unreadBytes()).isEqualTo(MOST_BYTES + "last".length());
        assertThat(socket.frames).containsExactly(LONG, LONG, "日本語日本語", "last");
    }

    @Test
    void countsWhatIsKeptBackBeforeMoreIs() {
        outbox.write(LONG);
        outbox.makeRoom(MOST_BYTES - LONG.length() - 5, 5);
        assertThat(tooSlow).isZero();

        outbox.makeRoom(MOST_BYTES - LONG.length() - 5, 6);

        assertThat(tooSlow).isEqualTo(1);
    }

    @Test
    void takesAnEventThatIsLargerThanItsBoundOnceNothingElseWaits() {
        outbox.makeRoom(0, MOST_BYTES + 1);
        assertThat(outbox.takes(MOST_BYTES + 1)).isTrue();

        outbox.write("a");
        assertThat(outbox.takes(MOST_BYTES)).isFalse();
        assertThat(outbox.open()).isFalse();
        socket.read();

        assertThat(drained).isEqualTo(1);
        assertThat(outbox.takes(MOST_BYTES + 1)).isTrue();
        assertThat(tooSlow).isZero();
    }

    @Test
    void takesNothingBehindTheLast() {
        outbox.write(LONG);
        outbox.write("waits");
        outbox.close("last");

        outbox.write("late");
        outbox.close("later");
        socket.read();

        assertThat(socket.frames).containsExactly(LONG, "waits", "last");
        assertThat(outbox.open()).isFalse();
        assertThat(drained).isZero();
    }

    @Test
    void takesNothingWhenClosed() {
        outbox.write(LONG);
        outbox.write("waits");
        outbox.close();

        outbox.write("late");
        socket.read();

        assertThat(socket.frames).containsExactly(LONG);
        assertThat(outbox.open()).isFalse();
        assertThat(drained).isZero();
    }
}
