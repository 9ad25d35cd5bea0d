package dev.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.Delivery.Accepted;
import dev.millrace.schemas.Delivery.Ended;
import dev.millrace.schemas.Delivery.Ignored;
import dev.millrace.schemas.Delivery.StartedOver;
import dev.millrace.schemas.Delivery.Text;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ReplyEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/**
 * Three workers fall over each other; a schedule says who does what next. Whatever it is, every reader gets each token
 * once, in order, and one terminal at most.
 */
class ReplyStreamPropertiesTest {
    private List<ReplyEvent> log = List.of();

    @Property(tries = 8_000)
    void everyReaderGetsEachTokenOnce(@ForAll @Size(max = 150) List<@IntRange(min = 0, max = 9_999) Integer> schedule) {
        log = new Simulation(false).run(schedule);

        assertEveryReaderAgrees();
    }

    /** A worker that cannot read back far enough ends the prompt, perhaps for the second time. */
    @Property(tries = 3_000)
    void oneTerminalCountsEvenWhereHistoryWasLost(
            @ForAll @Size(max = 150) List<@IntRange(min = 0, max = 9_999) Integer> schedule) {
        log = new Simulation(true).run(schedule);

        assertEveryReaderAgrees();
    }

    private void assertEveryReaderAgrees() {
        List<Delivery> deliveries = new ArrayList<>();
        List<Cursor> cursors = new ArrayList<>();
        ReplyStream reader = new ReplyStream("replies", 0, Events.PROMPT_ID);
        for (int offset = 0; offset < log.size(); offset++) {
            cursors.add(reader.cursor());
            deliveries.add(reader.accept(offset, log.get(offset)));
        }
        cursors.add(reader.cursor());

        assertCorrect(deliveries);
        assertThat(reader.ended()).isTrue();
        assertReadersThatResumeAgree(cursors, deliveries);
        assertReadersThatJoinBeforeTheFirstClaimAgree(deliveries);
    }

    private static void assertCorrect(List<Delivery> deliveries) {
        String claimedBy = "";
        List<Integer> shown = new ArrayList<>();
        boolean ended = false;
        for (Delivery delivery : deliveries) {
            assertThat(ended && !(delivery instanceof Ignored))
                    .as("after the terminal")
                    .isFalse();
            if (delivery instanceof Accepted accepted) {
                claimedBy = accepted.claim().modelId();
            } else if (delivery instanceof StartedOver) {
                shown.clear();
            } else if (delivery instanceof Text text) {
                assertThat(text.firstIndex()).isEqualTo(shown.size());
                shown.addAll(text.ids());
                assertThat(shown).isEqualTo(undisturbed(claimedBy, shown.size()));
            } else if (delivery instanceof Ended end) {
                ended = true;
                boolean whole = end.finished().getReason() == FinishReason.STOP;
                assertThat(!whole || shown.size() == SimulatedWorker.LENGTH)
                        .as("whole")
                        .isTrue();
            }
        }
    }

    private static List<Integer> undisturbed(String modelId, int length) {
        return IntStream.range(0, length)
                .mapToObj(index -> SimulatedWorker.token(modelId, index))
                .toList();
    }

    /** From each cursor of the reader, also where a shared consumer has rewound to before it. */
    private void assertReadersThatResumeAgree(List<Cursor> cursors, List<Delivery> deliveries) {
        for (int from = 0; from < cursors.size(); from++) {
            int rewound = from - from % 5;
            ReplyStream resumed = ReplyStream.resume(cursors.get(from));
            List<Delivery> again = read(resumed, rewound);

            assertThat(again.subList(0, from - rewound)).allMatch(Ignored.IGNORED::equals);
            assertThat(again.subList(from - rewound, again.size()))
                    .isEqualTo(deliveries.subList(from, deliveries.size()));
            assertThat(resumed.cursor()).isEqualTo(cursors.get(cursors.size() - 1));
        }
    }

    private void assertReadersThatJoinBeforeTheFirstClaimAgree(List<Delivery> deliveries) {
        for (int from = 0; from < log.size(); from++) {
            ReplyStream joined = ReplyStream.resume(Cursor.start("replies", 0, Events.PROMPT_ID, from));

            assertThat(read(joined, from)).isEqualTo(deliveries.subList(from, deliveries.size()));
            if (isClaim(log.get(from))) {
                return;
            }
        }
    }

    private static boolean isClaim(ReplyEvent event) {
        return event.getPromptId().equals(Events.PROMPT_ID) && event.getBody() instanceof Claimed;
    }

    private List<Delivery> read(ReplyStream reader, int from) {
        List<Delivery> deliveries = new ArrayList<>();
        for (int offset = from; offset < log.size(); offset++) {
            deliveries.add(reader.accept(offset, log.get(offset)));
        }
        return deliveries;
    }
}
