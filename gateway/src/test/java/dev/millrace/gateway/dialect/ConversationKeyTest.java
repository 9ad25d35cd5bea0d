package dev.millrace.gateway.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConversationKeyTest {
    private static final Message SYSTEM = new Message(Role.SYSTEM, "Be brief.");
    private static final Message FIRST = new Message(Role.USER, "Hello");

    @Test
    void isTheSameForEveryTurn() {
        String first = ConversationKey.of(List.of(SYSTEM, FIRST));
        String third = ConversationKey.of(
                List.of(SYSTEM, FIRST, new Message(Role.ASSISTANT, "Hi"), new Message(Role.USER, "Who are you?")));

        assertThat(third).isEqualTo(first).matches("[0-9a-f]{64}");
    }

    @Test
    void staysTheSameFromReleaseToRelease() {
        // echo -n with the two lengths before the texts: another key would send running conversations elsewhere
        assertThat(ConversationKey.of(List.of(FIRST)))
                .isEqualTo("647e9fc5c8303af3fc6136202381ca645198b1b96191eb0096aaeb55fcc67617");
    }

    @Test
    void tellsSystemPartAndFirstMessageApart() {
        assertThat(ConversationKey.of(List.of(FIRST))).isNotEqualTo(ConversationKey.of(List.of(SYSTEM, FIRST)));
        assertThat(ConversationKey.of(List.of(new Message(Role.SYSTEM, "ab"), new Message(Role.USER, "c"))))
                .isNotEqualTo(ConversationKey.of(List.of(new Message(Role.SYSTEM, "a"), new Message(Role.USER, "bc"))));
    }

    @Test
    void isWhatAClientGetsThatNamesNoConversation() throws Exception {
        ClientEvent.CreateResponse create = (ClientEvent.CreateResponse)
                ClientEventReader.read("{\"type\":\"response.create\",\"input\":\"Hello\"}");

        assertThat(create.conversation()).isEqualTo(ConversationKey.of(List.of(FIRST)));
    }
}
