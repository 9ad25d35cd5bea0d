package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.Role;
import dev.millrace.worker.engine.ChatTemplate;
import dev.millrace.worker.engine.GenerationRequest;
import dev.millrace.worker.engine.Language;
import dev.millrace.worker.engine.LanguageMasks;
import dev.millrace.worker.engine.PromptRefusedException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PromptPreparationTest {
    private static final Message QUESTION = new Message(Role.USER, "Why?");

    private final WorkerFixture.ByteTokenizer tokenizer = new WorkerFixture.ByteTokenizer();
    private final ChatTemplate template = new ChatTemplate(tokenizer);
    private final LanguageMasks masks = new LanguageMasks(tokenizer.vocabulary());
    private final PromptPreparation preparation = new PromptPreparation("fake", "model", template, masks);

    @Test
    void asksForTheLanguageAndKeepsToIt() throws PromptRefusedException {
        GenerationRequest request = prepare("fr-CA");

        assertThat(request.promptTokens())
                .isEqualTo(template.tokenize(List.of(new Message(Role.SYSTEM, "Réponds en français."), QUESTION)));
        assertThat(request.parameters().sampler().mask()).isSameAs(masks.of(Language.FR));
    }

    @Test
    void leavesThePromptAloneWithoutALanguage() throws PromptRefusedException {
        GenerationRequest request = prepare(null);

        assertThat(request.promptTokens()).isEqualTo(template.tokenize(List.of(QUESTION)));
        assertThat(request.parameters().sampler().mask()).isNull();
    }

    @Test
    void refusesALanguageThatItDoesNotKnow() {
        assertThatThrownBy(() -> prepare("de"))
                .isInstanceOf(PromptRefusedException.class)
                .hasMessageContaining("zh, en, fr, es, ja, ar, ru, th");
    }

    @Test
    void refusesAConversationWithALongName() throws PromptRefusedException {
        Prompt prompt = prompt(null);
        prompt.setConversation("c".repeat(256));
        preparation.prepare(prompt, 0);

        prompt.setConversation("c".repeat(257));
        PromptRefusedException refusal =
                catchThrowableOfType(PromptRefusedException.class, () -> preparation.prepare(prompt, 0));

        assertThat(refusal.failure().getCode()).isEqualTo("invalid_prompt");
        assertThat(refusal.failure().getParam()).isEqualTo("conversation");
    }

    private GenerationRequest prepare(@Nullable String language) throws PromptRefusedException {
        return preparation.prepare(prompt(language), 0);
    }

    private static Prompt prompt(@Nullable String language) {
        return Prompt.newBuilder()
                .setId(UUID.randomUUID())
                .setConversation("c")
                .setMessages(List.of(QUESTION))
                .setLanguage(language)
                .build();
    }
}
