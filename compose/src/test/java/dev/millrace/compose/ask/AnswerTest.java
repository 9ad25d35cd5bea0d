package dev.millrace.compose.ask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class AnswerTest {
    private static final long MS = 1_000_000;

    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private final ByteArrayOutputStream remarks = new ByteArrayOutputStream();
    private final Answer answer = new Answer(text, new PrintStream(remarks, true, StandardCharsets.UTF_8), 0);

    @Test
    void printsEachChunkAtOnceAndNothingElse() {
        answer.show(chunk(0, 2, "Grüße, "), 20 * MS);
        String soFar = text.toString(StandardCharsets.UTF_8);
        answer.show(chunk(2, 1, "世"), 30 * MS);
        answer.show(finished(FinishReason.STOP, "界", null), 40 * MS);

        assertThat(soFar).isEqualTo("Grüße, ");
        assertThat(text.toString(StandardCharsets.UTF_8)).isEqualTo("Grüße, 世界");
    }

    @Test
    void sumsUpOnStandardError() {
        answer.show(chunk(0, 2, "a"), 20 * MS);
        answer.show(finished(FinishReason.LENGTH, "", null), 120 * MS);

        assertThat(remarks.toString(StandardCharsets.UTF_8))
                .contains("[12 tokens, first after 20 ms, 100.0 tokens/s; length]");
    }

    @Test
    void saysThatTheTextStartsOver() {
        answer.show(chunk(0, 2, "old"), 20 * MS);
        answer.show(new Delivery.StartedOver("model_changed"), 30 * MS);

        assertThat(remarks.toString(StandardCharsets.UTF_8)).contains("model_changed");
    }

    @Test
    void failsWithTheErrorInWords() {
        Finished finished = finished(FinishReason.ERROR, "", new Failure("model_not_found", "No such model", "model"))
                .finished();

        assertThatThrownBy(() -> answer.show(new Delivery.Ended(finished), MS))
                .isInstanceOf(AskFailure.class)
                .hasMessage("model_not_found: No such model");
    }

    @ParameterizedTest
    @EnumSource(
            value = FinishReason.class,
            mode = Mode.EXCLUDE,
            names = {"STOP", "LENGTH"})
    void failsWhenTheAnswerIsNotWhole(FinishReason reason) {
        assertThatThrownBy(() -> answer.show(finished(reason, "", null), MS)).isInstanceOf(AskFailure.class);
    }

    private static Delivery chunk(int firstIndex, int tokens, String text) {
        return new Delivery.Text(firstIndex, Collections.nCopies(tokens, 7), text, null);
    }

    private static Delivery.Ended finished(FinishReason reason, String text, @Nullable Failure error) {
        return new Delivery.Ended(
                new Finished(reason, text, new Usage(5, 12, 0, 0), new Timings(1.0, 2.0, 3.0), error));
    }
}
