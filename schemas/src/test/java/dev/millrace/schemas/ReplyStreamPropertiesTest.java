package dev.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.Delivery.Ignored;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ReplyEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Whatever a log holds, all its readers agree. That it holds what the workers' rules allow, and what readers are then
 * shown, is the model's to check (package protocol).
 */
class ReplyStreamPropertiesTest {

    /** Also where a shared consumer has rewound to before the cursor. */
    @Property(tries = 3_000)
    void readersThatResumeFromACursorAgree(@ForAll("logs") List<ReplyEvent> log) {
        List<Cursor> cursors = new ArrayList<>();
        List<Delivery> deliveries = new ArrayList<>();
        ReplyStream reader = new ReplyStream("replies", 0, Events.PROMPT_ID);
        for (int offset = 0; offset < log.size(); offset++) {
            cursors.add(reader.cursor());
            deliveries.add(reader.accept(offset, log.get(offset)));
        }
        cursors.add(reader.cursor());

        for (int from = 0; from < cursors.size(); from++) {
            int rewound = from - from % 5;
            ReplyStream resumed = ReplyStream.resume(cursors.get(from));
            List<Delivery> again = read(resumed, log, rewound);

            assertThat(again.subList(0, from - rewound)).allMatch(Ignored.IGNORED::equals);
            assertThat(again.subList(from - rewound, again.size()))
                    .isEqualTo(deliveries.subList(from, deliveries.size()));
            assertThat(resumed.cursor()).isEqualTo(reader.cursor());
        }
    }

    @Property(tries = 3_000)
    void readersThatJoinBeforeTheFirstClaimAgree(@ForAll("logs") List<ReplyEvent> log) {
        List<Delivery> deliveries = read(new ReplyStream("replies", 0, Events.PROMPT_ID), log, 0);

        for (int from = 0; from < log.size() && !isClaim(log, from - 1); from++) {
            ReplyStream joined = ReplyStream.resume(Cursor.start("replies", 0, Events.PROMPT_ID, from));

            assertThat(read(joined, log, from)).isEqualTo(deliveries.subList(from, deliveries.size()));
        }
    }

    private static boolean isClaim(List<ReplyEvent> log, int offset) {
        return offset >= 0
                && log.get(offset).getPromptId().equals(Events.PROMPT_ID)
                && log.get(offset).getBody() instanceof Claimed;
    }

    private static List<Delivery> read(ReplyStream reader, List<ReplyEvent> log, int from) {
        List<Delivery> deliveries = new ArrayList<>();
        for (int offset = from; offset < log.size(); offset++) {
            deliveries.add(reader.accept(offset, log.get(offset)));
        }
        return deliveries;
    }

    /** Few writers and few indices, so that what they send often fits. */
    @Provide
    Arbitrary<List<ReplyEvent>> logs() {
        Arbitrary<Writer> writers = Combinators.combine(
                        Arbitraries.longs().between(1, 3), Arbitraries.longs().between(-1, 1))
                .as(Writer::new);
        return Combinators.combine(writers, Arbitraries.integers().between(0, 20))
                .as(ReplyStreamPropertiesTest::event)
                .list()
                .ofMaxSize(60);
    }

    private static ReplyEvent event(Writer writer, int kind) {
        if (kind < 4) {
            return Events.claimed(writer, "model");
        } else if (kind < 16) {
            return Events.tokens(writer, kind / 4 - 1, kind, kind + 1);
        } else if (kind < 18) {
            return Events.progress(writer);
        } else if (kind == 18) {
            return Events.restarted(writer);
        } else if (kind == 19) {
            return Events.finished(writer, FinishReason.STOP);
        }
        ReplyEvent other = Events.claimed(new Writer(Long.MAX_VALUE, 1), "model");
        other.setPromptId(new UUID(1, 2));
        return other;
    }
}
