package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.Vocabulary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Every answer that the demo model knows, through Kafka, is exactly the one that PyTorch computed. */
class ExpectedAnswersIT {

    private static final int AT_ONCE = 8;

    private static List<Expected> all;
    private static JavaProcess worker;
    private static Client client;

    @BeforeAll
    static void startWorker() throws IOException {
        all = Expected.all();
        Installation installation = Installation.create(ExpectedAnswersIT.class);
        worker = installation.startWorker();
        client = new Client(installation);
    }

    @AfterAll
    static void stopWorker() throws IOException {
        client.close();
        worker.close();
    }

    @Test
    void everyAnswerIsExactAlone() throws Exception {
        SoftAssertions softly = new SoftAssertions();

        for (Expected expected : all) {
            check(softly, expected, client.ask(expected.greedyPrompt()));
        }

        assertThat(all).hasSizeGreaterThan(80);
        softly.assertAll();
    }

    @Test
    void everyAnswerIsExactWithEightAtOnce() throws Exception {
        SoftAssertions softly = new SoftAssertions();
        Deque<Expected> waiting = new ArrayDeque<>(all);
        Deque<Asked> running = new ArrayDeque<>();
        int answered = 0;

        while (!waiting.isEmpty() || !running.isEmpty()) {
            while (!waiting.isEmpty() && running.size() < AT_ONCE) {
                Expected expected = waiting.remove();
                running.add(new Asked(expected, client.send(expected.greedyPrompt())));
            }
            Asked oldest = running.remove();
            check(softly, oldest.expected(), client.awaitEnd(oldest.promptId()));
            answered++;
        }

        assertThat(answered).isEqualTo(all.size());
        softly.assertAll();
    }

    private record Asked(Expected expected, UUID promptId) {}

    private static void check(SoftAssertions softly, Expected expected, Reply reply) {
        softly.assertThat(reply.text()).as(expected.id()).isEqualTo(expected.answer());
        softly.assertThat(reply.ids()).as(expected.id()).isEqualTo(expected.answerIds());
        softly.assertThat(reply.finished().getReason().name().toLowerCase(Locale.ROOT))
                .as(expected.id())
                .isEqualTo(expected.finish());
        softly.assertThat(reply.finished().getUsage().getCompletionTokens())
                .as(expected.id())
                .isEqualTo(expected.answerIds().size());
    }

    /** Or the whole of this would not show that a stream cuts characters in two. */
    @Test
    void aTenthOfTheTokensEndInsideACharacter() {
        LlamaLibrary library = LlamaLibrary.load(LlamaLibrary.nativeDirectory(), null);
        int tokens = 0;
        int inside = 0;
        try (LlamaModel model = LlamaModel.open(library, Installation.MODEL, Device.parse("cpu"), fraction -> true)) {
            for (Expected expected : all) {
                tokens += expected.answerIds().size();
                inside += endingInsideACharacter(model.vocabulary(), expected.answerIds());
            }
        }

        assertThat((double) inside / tokens).isGreaterThanOrEqualTo(0.1);
    }

    private static int endingInsideACharacter(Vocabulary vocabulary, List<Integer> ids) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int inside = 0;
        for (int id : ids) {
            bytes.writeBytes(vocabulary.piece(id));
            if (endsInsideACharacter(bytes.toByteArray())) {
                inside++;
            }
        }
        return inside;
    }

    /** A decoder leaves the bytes of an unfinished character unread. */
    private static boolean endsInsideACharacter(byte[] utf8) {
        ByteBuffer in = ByteBuffer.wrap(utf8);
        StandardCharsets.UTF_8.newDecoder().decode(in, CharBuffer.allocate(utf8.length), false);
        return in.hasRemaining();
    }
}
