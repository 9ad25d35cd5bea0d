package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What cannot be answered ends clearly, and the next prompt is none the worse. */
class RefusedPromptsIT {

    private static Expected known;
    private static Installation installation;
    private static JavaProcess worker;
    private static Client client;

    @BeforeAll
    static void startWorker() throws IOException {
        known = Expected.all().get(0);
        installation = Installation.create(RefusedPromptsIT.class);
        worker = installation.startWorker();
        client = new Client(installation);
    }

    @AfterAll
    static void stopWorker() throws IOException {
        client.close();
        worker.close();
    }

    @AfterEach
    void theNextPromptIsAnswered() throws Exception {
        assertThat(client.ask(known.greedyPrompt()).text()).isEqualTo(known.answer());
    }

    @Test
    void anEventThatIsNoPromptBecomesADeadLetter() throws Exception {
        byte[] key = "some conversation".getBytes(StandardCharsets.UTF_8);
        byte[] garbage = "not an event".getBytes(StandardCharsets.UTF_8);

        client.sendRaw(key, garbage);
        ConsumerRecord<byte[], byte[]> letter = client.awaitDeadLetter();

        assertThat(letter.key()).isEqualTo(key);
        assertThat(letter.value()).isEqualTo(garbage);
        assertThat(header(letter, "kafka_dlt-original-topic"))
                .asString(StandardCharsets.UTF_8)
                .isEqualTo(installation.topics().prompts());
        assertThat(ByteBuffer.wrap(header(letter, "kafka_dlt-original-partition"))
                        .getInt())
                .isBetween(0, Installation.PARTITIONS - 1);
        assertThat(ByteBuffer.wrap(header(letter, "kafka_dlt-original-offset")).getLong())
                .isNotNegative();
        assertThat(header(letter, "kafka_dlt-exception-message"))
                .asString(StandardCharsets.UTF_8)
                .contains("single-object encoding");
    }

    @Test
    void aTruncatedPromptBecomesADeadLetter() throws Exception {
        byte[] whole = EventCodec.PROMPT.encode(known.greedyPrompt());
        byte[] truncated = Arrays.copyOf(whole, whole.length / 2);

        client.sendRaw(new byte[0], truncated);

        assertThat(client.awaitDeadLetter().value()).isEqualTo(truncated);
    }

    @Test
    void aReplyTopicThatIsNotAllowedIsNeverWrittenTo() throws Exception {
        Prompt prompt = known.greedyPrompt();
        prompt.setReplyTo(new ReplyAddress(installation.topics().completions(), 0, 0L));

        client.send(prompt);
        ConsumerRecord<byte[], byte[]> letter = client.awaitDeadLetter();

        assertThat(letter.value()).isEqualTo(EventCodec.PROMPT.encode(prompt));
        assertThat(client.heardOf(prompt.getId())).isFalse();
    }

    @Test
    void aPromptBeyondTheContextIsRefused() throws Exception {
        Prompt prompt = known.greedyPrompt();
        prompt.setMessages(List.of(new Message(Role.USER, "word ".repeat(20_000))));

        Reply reply = client.ask(prompt);

        assertRefused(reply, "context_length_exceeded");
        assertThat(reply.finished().getError().getMessage())
                .matches("the prompt has 4\\d{4} tokens, and the context of 4096 must hold the answer too");
    }

    @Test
    void aParameterOutOfRangeIsRefused() throws Exception {
        Prompt prompt = known.greedyPrompt();
        prompt.getSampling().setTopP(1.5f);

        Reply reply = client.ask(prompt);

        assertRefused(reply, "invalid_prompt");
        assertThat(reply.finished().getError().getParam()).isEqualTo("sampling.topP");
    }

    @Test
    void anUnknownModelIsRefused() throws Exception {
        Prompt prompt = known.greedyPrompt();
        prompt.setModel("another-model");

        assertRefused(client.ask(prompt), "model_not_found");
    }

    private static void assertRefused(Reply reply, String code) {
        assertThat(reply.finished().getReason()).isEqualTo(FinishReason.ERROR);
        assertThat(reply.finished().getError().getCode()).isEqualTo(code);
        assertThat(reply.terminalEvents()).isEqualTo(1);
        assertThat(reply.text()).isEmpty();
    }

    private static byte[] header(ConsumerRecord<byte[], byte[]> letter, String name) {
        return letter.headers().lastHeader(name).value();
    }
}
