package dev.millrace.schemas;

import static dev.millrace.schemas.Events.claimed;
import static dev.millrace.schemas.Events.finished;
import static dev.millrace.schemas.Events.progress;
import static dev.millrace.schemas.Events.restarted;
import static dev.millrace.schemas.Events.tokens;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.schemas.Delivery.Accepted;
import dev.millrace.schemas.Delivery.Ended;
import dev.millrace.schemas.Delivery.Ignored;
import dev.millrace.schemas.Delivery.Progressed;
import dev.millrace.schemas.Delivery.StartedOver;
import dev.millrace.schemas.Delivery.Text;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ReplyEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ReplyStreamTest {
    private static final Writer FIRST = new Writer(10, 5);
    private static final Writer SECOND = new Writer(11, 1);
    private static final String MODEL = "model";

    private final ReplyStream stream = new ReplyStream("replies", 3, Events.PROMPT_ID);
    private long offset = 100;

    @Test
    void deliversAnUndisturbedAnswer() {
        List<Delivery> deliveries = accept(
                claimed(FIRST, MODEL),
                progress(FIRST),
                tokens(FIRST, 0, 7, 8),
                tokens(FIRST, 2, 9),
                finished(FIRST, FinishReason.STOP));

        assertThat(deliveries.get(0)).isEqualTo(new Accepted(new Claim(10, 5, "worker-of-10", MODEL, 0)));
        assertThat(deliveries.get(1)).isInstanceOf(Progressed.class);
        assertThat(deliveries.get(2)).isEqualTo(new Text(0, List.of(7, 8), "7 8 ", null));
        assertThat(deliveries.get(3)).isEqualTo(new Text(2, List.of(9), "9 ", null));
        assertThat(deliveries.get(4)).isInstanceOf(Ended.class);
        assertThat(stream.ended()).isTrue();
        assertThat(stream.nextIndex()).isEqualTo(3);
    }

    @Test
    void ignoresWhatNobodyHasClaimed() {
        List<Delivery> deliveries = accept(
                tokens(FIRST, 0, 7),
                progress(FIRST),
                restarted(FIRST),
                finished(FIRST, FinishReason.STOP),
                tokens(Writer.NONE, 0, 7));

        assertThat(deliveries).containsOnly(Ignored.IGNORED);
        assertThat(stream.currentClaim()).isNull();
        assertThat(stream.currentWriter()).isEqualTo(Writer.NONE);
    }

    @Test
    void ignoresAZombieThatGoesOnWriting() {
        accept(claimed(FIRST, MODEL), tokens(FIRST, 0, 7), claimed(SECOND, MODEL));

        List<Delivery> zombie =
                accept(tokens(FIRST, 1, 8), progress(FIRST), restarted(FIRST), finished(FIRST, FinishReason.CANCELLED));

        assertThat(zombie).containsOnly(Ignored.IGNORED);
        assertThat(accept(tokens(SECOND, 1, 8))).containsExactly(new Text(1, List.of(8), "8 ", null));
    }

    @Test
    void ignoresAClaimThatComesTooLate() {
        accept(claimed(SECOND, MODEL), tokens(SECOND, 0, 7));

        List<Delivery> late = accept(claimed(FIRST, MODEL), tokens(FIRST, 1, 8));

        assertThat(late).containsOnly(Ignored.IGNORED);
        assertThat(stream.currentWriter()).isEqualTo(SECOND);
    }

    @Test
    void ofEqualEpochsTheGreaterNonceWins() {
        Writer lesser = new Writer(10, -9);
        Writer greater = new Writer(10, 6);
        accept(claimed(FIRST, MODEL));

        assertThat(accept(claimed(lesser, MODEL), tokens(lesser, 0, 7))).containsOnly(Ignored.IGNORED);
        assertThat(accept(claimed(greater, MODEL))).hasOnlyElementsOfType(Accepted.class);
        assertThat(accept(tokens(FIRST, 0, 7))).containsOnly(Ignored.IGNORED);
        assertThat(stream.currentWriter()).isEqualTo(greater);
    }

    @Test
    void aSecondClaimOfTheSameWriterSaysNothingNew() {
        accept(claimed(FIRST, MODEL), tokens(FIRST, 0, 7));

        assertThat(accept(claimed(FIRST, MODEL))).containsExactly(Ignored.IGNORED);
        assertThat(stream.nextIndex()).isEqualTo(1);
    }

    @Test
    void ignoresTokensBehindALostSend() {
        accept(claimed(FIRST, MODEL), tokens(FIRST, 0, 7));

        List<Delivery> behind = accept(tokens(FIRST, 2, 9), tokens(FIRST, 0, 7));

        assertThat(behind).containsOnly(Ignored.IGNORED);
        assertThat(stream.nextIndex()).isEqualTo(1);
    }

    @Test
    void startsOverWhenAnotherModelTakesOver() {
        accept(claimed(FIRST, MODEL), tokens(FIRST, 0, 7, 8), claimed(SECOND, "another"));

        assertThat(stream.nextIndex()).isEqualTo(2);
        assertThat(accept(restarted(SECOND))).containsExactly(new StartedOver("model_changed"));
        assertThat(accept(tokens(SECOND, 0, 1))).containsExactly(new Text(0, List.of(1), "1 ", null));
    }

    @Test
    void nothingCountsAfterTheTerminal() {
        accept(claimed(FIRST, MODEL), tokens(FIRST, 0, 7), finished(FIRST, FinishReason.STOP));

        List<Delivery> after = accept(
                finished(FIRST, FinishReason.STOP),
                restarted(FIRST),
                progress(FIRST),
                claimed(SECOND, MODEL),
                tokens(SECOND, 1, 8),
                finished(SECOND, FinishReason.ERROR));

        assertThat(after).containsOnly(Ignored.IGNORED);
        assertThat(stream.nextIndex()).isEqualTo(1);
    }

    @Test
    void ignoresOtherPrompts() {
        ReplyEvent other = claimed(FIRST, MODEL);
        other.setPromptId(new UUID(1, 2));

        assertThat(accept(other)).containsExactly(Ignored.IGNORED);
        assertThat(stream.currentClaim()).isNull();
    }

    @Test
    void goesOnFromACursorInAnotherProcess() {
        accept(claimed(FIRST, MODEL), tokens(FIRST, 0, 7, 8));

        Cursor cursor = stream.cursor();
        ReplyStream resumed = ReplyStream.resume(cursor);

        assertThat(cursor).isEqualTo(new Cursor("replies", 3, Events.PROMPT_ID, 102, 10, 5, 2, false));
        assertThat(resumed.accept(102, tokens(SECOND, 2, 9))).isEqualTo(Ignored.IGNORED);
        assertThat(resumed.accept(103, tokens(FIRST, 2, 9))).isEqualTo(new Text(2, List.of(9), "9 ", null));
        assertThat(resumed.currentWriter()).isEqualTo(FIRST);
        assertThat(resumed.currentClaim()).isNull();
    }

    @Test
    void anEndedCursorStaysEnded() {
        accept(claimed(FIRST, MODEL), finished(FIRST, FinishReason.STOP));

        ReplyStream resumed = ReplyStream.resume(stream.cursor());

        assertThat(resumed.ended()).isTrue();
        assertThat(resumed.accept(offset, finished(FIRST, FinishReason.STOP))).isEqualTo(Ignored.IGNORED);
    }

    @Test
    void aRewindForANeighbourDeliversNothingAgain() {
        accept(claimed(FIRST, MODEL), restarted(FIRST), tokens(FIRST, 0, 7));

        assertThat(stream.accept(101, restarted(FIRST))).isEqualTo(Ignored.IGNORED);
        assertThat(stream.nextIndex()).isEqualTo(1);
        assertThat(stream.cursor().offset()).isEqualTo(103);
    }

    @Test
    void eventsOfOthersMoveTheCursorToo() {
        accept(claimed(FIRST, MODEL));
        ReplyEvent other = tokens(FIRST, 0, 7);
        other.setPromptId(new UUID(1, 2));

        stream.accept(5_000, other);

        assertThat(stream.cursor().offset()).isEqualTo(5_001);
    }

    @Test
    void aFreshCursorStartsBeforeAnyClaim() {
        Cursor start = Cursor.start("replies", 3, Events.PROMPT_ID, 100);

        assertThat(ReplyStream.resume(start).cursor()).isEqualTo(start);
        assertThat(start.writer()).isEqualTo(Writer.NONE);
        assertThatThrownBy(() -> Cursor.start("replies", 3, Events.PROMPT_ID, -1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private List<Delivery> accept(ReplyEvent... events) {
        List<Delivery> deliveries = new ArrayList<>();
        for (ReplyEvent event : events) {
            deliveries.add(stream.accept(offset++, event));
        }
        return deliveries;
    }
}
