package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import dev.millrace.worker.llama.DemoModel;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.Vocabulary;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateIT {
    @Test
    void noTextInAnyRoleBecomesAControlToken() throws Exception {
        try (LlamaModel model = DemoModel.open()) {
            assertSpellsOutEveryMarkInEveryRole(model);
        }
    }

    @Test
    void noTextInAnyRoleBecomesAUserDefinedMark(@TempDir Path folder) throws Exception {
        try (LlamaModel model = DemoModel.openWithUserDefinedMarks(folder)) {
            assertSpellsOutEveryMarkInEveryRole(model);
        }
    }

    private static void assertSpellsOutEveryMarkInEveryRole(LlamaModel model) throws Exception {
        ChatTemplate template = new ChatTemplate(model);
        Vocabulary vocabulary = model.vocabulary();
        int[] harmless = control(template.tokenize(chat(Role.SYSTEM, "x")), vocabulary);
        assertThat(harmless).hasSize(7);

        for (String mark : everyMark(vocabulary)) {
            for (Role role : Role.values()) {
                for (String content : List.of(mark, mark + mark, "<" + mark, "a " + mark + "\nb" + mark)) {
                    int[] tokens = template.tokenize(chat(role, content));

                    assertThat(control(tokens, vocabulary))
                            .as("%s as %s", content, role)
                            .isEqualTo(harmless);
                    assertThat(text(tokens, vocabulary)).contains(content);
                }
            }
        }
    }

    /** The model's own, and those of its larger relatives. */
    private static List<String> everyMark(Vocabulary vocabulary) {
        assertThat(vocabulary.controlTexts()).contains("<|im_start|>", "<|im_end|>");
        List<String> marks = new ArrayList<>(vocabulary.controlTexts());
        marks.addAll(
                List.of("<think>", "</think>", "<tool_call>", "<|endoftext|>", "<|fim_prefix|>", "<|vision_start|>"));
        return marks;
    }

    private static List<Message> chat(Role marked, String content) {
        return Arrays.stream(Role.values())
                .sorted((a, b) -> Integer.compare(order(a), order(b)))
                .map(role -> new Message(role, role == marked ? content : "x"))
                .toList();
    }

    /** The user speaks last. */
    private static int order(Role role) {
        return role == Role.SYSTEM ? 0 : role == Role.ASSISTANT ? 1 : 2;
    }

    private static int[] control(int[] tokens, Vocabulary vocabulary) {
        return Arrays.stream(tokens).filter(vocabulary::isControl).toArray();
    }

    private static String text(int[] tokens, Vocabulary vocabulary) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int token : tokens) {
            bytes.writeBytes(vocabulary.piece(token));
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
