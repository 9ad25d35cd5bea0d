package dev.millrace.compose.ask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuestionTest {

    private static final byte[] TEXT = "你好 $HOME \\ \"quoted\"\n--last ".getBytes(StandardCharsets.UTF_8);

    @Test
    void asksTheTextAsItIs() {
        UUID id = UUID.randomUUID();
        ReplyAddress replyTo = new ReplyAddress("replies", 3, 17L);

        Prompt prompt = Question.of(TEXT, Map.of()).prompt(id, replyTo);

        assertThat(prompt.getMessages().get(0).getContent()).isEqualTo("你好 $HOME \\ \"quoted\"\n--last ");
        assertThat(prompt.getReplyTo()).isEqualTo(replyTo);
        assertThat(prompt.getConversation()).contains(id.toString());
    }

    @Test
    void leavesOpenWhatTheEnvironmentLeavesOpen() {
        Question question = Question.of(TEXT, Map.of("SEED", "", "TEMPERATURE", " "));

        assertThat(question.kafkaPort()).isEqualTo(9092);
        assertThat(question.sampling().getMaxNewTokens()).isNull();
        assertThat(question.sampling().getTemperature()).isNull();
        assertThat(question.sampling().getSeed()).isNull();
    }

    @Test
    void takesNumbersFromTheEnvironment() {
        Question question = Question.of(
                TEXT,
                Map.of(
                        "SEED",
                        "-9007199254740993",
                        "TEMPERATURE",
                        "0.8",
                        "MAX_NEW_TOKENS",
                        "40",
                        "KAFKA_PORT",
                        "9192"));

        assertThat(question.kafkaPort()).isEqualTo(9192);
        assertThat(question.sampling().getMaxNewTokens()).isEqualTo(40);
        assertThat(question.sampling().getTemperature()).isEqualTo(0.8f);
        assertThat(question.sampling().getSeed()).isEqualTo(-9007199254740993L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SEED", "TEMPERATURE", "MAX_NEW_TOKENS", "KAFKA_PORT"})
    void namesTheVariableThatIsNoNumber(String name) {
        assertThatThrownBy(() -> Question.of(TEXT, Map.of(name, "warm")))
                .isInstanceOf(AskFailure.class)
                .hasMessageContainingAll(name, "'warm'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \n"})
    void wantsSomethingToAsk(String text) {
        assertThatThrownBy(() -> Question.of(text.getBytes(StandardCharsets.UTF_8), Map.of()))
                .isInstanceOf(AskFailure.class)
                .hasMessageContaining("PROMPT");
    }

    @Test
    void refusesBytesThatAreNoText() {
        assertThatThrownBy(() -> Question.of(new byte[] {'a', (byte) 0xC3}, Map.of()))
                .isInstanceOf(AskFailure.class)
                .hasMessageContaining("UTF-8");
    }
}
