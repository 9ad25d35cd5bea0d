package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VocabularyTest {
    private final Vocabulary vocabulary =
            Vocabulary.of(List.of(new byte[] {65}, new byte[0], new byte[] {66, 67}), Map.of("<|end|>", 1), Set.of(1));

    @Test
    void knowsPiecesAndControlTokens() {
        assertThat(vocabulary.size()).isEqualTo(3);
        assertThat(vocabulary.piece(0)).containsExactly(65);
        assertThat(vocabulary.piece(1)).isEmpty();
        assertThat(vocabulary.piece(2)).containsExactly(66, 67);
        assertThat(vocabulary.control("<|end|>")).hasValue(1);
        assertThat(vocabulary.control("<|start|>")).isEmpty();
        assertThat(vocabulary.isControl(1)).isTrue();
        assertThat(vocabulary.isControl(2)).isFalse();
        assertThat(vocabulary.isEndOfGeneration(1)).isTrue();
        assertThat(vocabulary.isEndOfGeneration(0)).isFalse();
    }

    @Test
    void cannotBeChangedThroughAPiece() {
        vocabulary.piece(2)[0] = 0;

        assertThat(vocabulary.piece(2)).containsExactly(66, 67);
    }
}
