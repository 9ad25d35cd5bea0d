package dev.millrace.worker.llama;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.Character.UnicodeScript;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The mask against a judge that knows every character by its bytes, on a vocabulary of single bytes and random pieces. */
class ScriptMaskIT {
    private static final LlamaLibrary LIBRARY = DemoModel.library();
    private static final int END = 0;
    private static final int CONTROL = 1;
    private static final Vocabulary VOCABULARY = vocabulary();

    @ParameterizedTest
    @CsvSource({"HIRAGANA, 0, 0", "HIRAGANA, 1.5, 0", "THAI, 1, 50", "LATIN, 0.7, 20", "HAN, 2, 0", "DESERET, 1, 0"})
    void drawsAsIfForeignTokensHadNoScore(UnicodeScript script, float temperature, int topK) {
        BitSet characters = new BitSet();
        IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(c -> UnicodeScript.of(c) == script)
                .forEach(characters::set);
        characters.set(' ');
        SamplerSettings free = new SamplerSettings(temperature, 0.95f, topK, 7);
        SamplerSettings masked = free.withMask(ScriptMask.of(VOCABULARY, characters));
        Judge judge = new Judge(characters);
        int foreignBest = 0;
        try (Sampler ours = Sampler.open(LIBRARY, masked, VOCABULARY);
                Sampler reference = Sampler.open(LIBRARY, free, VOCABULARY)) {
            for (int index = 0; index < 600; index++) {
                float[] scores = Rows.gaussian(index, VOCABULARY.size(), 3);
                scores[END] = -9;
                float[] allowed = scores.clone();
                for (int token = 0; token < scores.length; token++) {
                    if (!judge.mayFollow(token)) {
                        allowed[token] = Float.NEGATIVE_INFINITY;
                    }
                }

                Sampler.Sampled sampled = ours.sample(Rows.buffer(scores), index);

                Sampler.Sampled expected = reference.sample(Rows.buffer(allowed), index);
                assertThat(sampled.token()).as("index %d", index).isEqualTo(expected.token());
                assertThat(sampled.masked()).isEqualTo(best(scores) > best(allowed));
                foreignBest += sampled.masked() ? 1 : 0;
                ours.append(sampled.token());
                reference.append(sampled.token());
                judge.append(sampled.token());
            }
        }
        assertThat(foreignBest).isBetween(100, 600);
    }

    @Test
    void leavesTheScoresAsTheyWere() {
        float[] scores = Rows.gaussian(1, VOCABULARY.size(), 3);
        var row = Rows.buffer(scores);
        SamplerSettings settings = new SamplerSettings(1, 0.9f, 0, 1).withMask(ScriptMask.of(VOCABULARY, new BitSet()));

        try (Sampler sampler = Sampler.open(LIBRARY, settings, VOCABULARY)) {
            assertThat(sampler.sample(row, 0).token()).isEqualTo(END);
        }

        assertThat(Rows.array(row)).isEqualTo(scores);
    }

    @Test
    void givesWayToAGrammarThatAllowsNothingElse() {
        BitSet characters = new BitSet();
        characters.set('b');
        Grammar justA = new Grammar(
                new int[] {0}, new int[] {Grammar.range('a', 'a'), Grammar.range('b', 'b'), Grammar.END_OF_RULE});
        SamplerSettings settings =
                SamplerSettings.GREEDY.withGrammar(justA).withMask(ScriptMask.of(VOCABULARY, characters));

        List<String> pieces = new ArrayList<>();
        try (Sampler sampler = Sampler.open(LIBRARY, settings, VOCABULARY)) {
            for (int index = 0; index < 3; index++) {
                int token = sampler.sample(Rows.buffer(Rows.gaussian(1, VOCABULARY.size(), 3)), index)
                        .token();
                pieces.add(new String(VOCABULARY.piece(token), UTF_8));
                sampler.append(token);
            }
        }

        assertThat(pieces).containsExactly("a", "b", "");
    }

    @Test
    void refusesTheMaskOfAnotherVocabulary() {
        Vocabulary other = Vocabulary.of(List.of("a".getBytes(UTF_8)), Map.of(), List.of());
        SamplerSettings settings = SamplerSettings.GREEDY.withMask(ScriptMask.of(other, new BitSet()));

        assertThat(catchThrowableOfType(LlamaException.class, () -> Sampler.open(LIBRARY, settings, VOCABULARY))
                        .error())
                .isEqualTo(LlamaError.INVALID_ARGUMENT);
    }

    private static float best(float[] scores) {
        float best = Float.NEGATIVE_INFINITY;
        for (float score : scores) {
            best = Math.max(best, score);
        }
        return best;
    }

    /** Two control tokens, each byte, and pieces of letters and parts of letters of many scripts. */
    private static Vocabulary vocabulary() {
        Random random = new Random(5);
        String letters = "ab é かな 漢字 ไทย 𐐀𐐁 👩 яж";
        List<byte[]> pieces = new ArrayList<>(List.of(new byte[0], new byte[0]));
        IntStream.range(0, 256).forEach(b -> pieces.add(new byte[] {(byte) b}));
        for (int i = 0; i < 500; i++) {
            String text = random.ints(4, 0, letters.length())
                    .map(at -> letters.offsetByCodePoints(
                            0, at * letters.codePointCount(0, letters.length()) / letters.length()))
                    .mapToObj(at -> Character.toString(letters.codePointAt(at)))
                    .collect(Collectors.joining());
            byte[] bytes = text.getBytes(UTF_8);
            int first = random.nextInt(4);
            pieces.add(Arrays.copyOfRange(bytes, first, first + 1 + random.nextInt(bytes.length - first)));
        }
        return Vocabulary.of(pieces, Map.of("<end>", END, "<control>", CONTROL), List.of(END));
    }

    /** Knows each character of the set by its bytes, and all beginnings of these. */
    private static final class Judge {
        private final Set<String> whole = new HashSet<>();
        private final Set<String> beginnings = new HashSet<>(Set.of(""));
        private String unfinished = "";

        Judge(BitSet characters) {
            characters.stream()
                    .mapToObj(c -> bytes(Character.toString(c).getBytes(UTF_8)))
                    .forEach(character -> {
                        whole.add(character);
                        IntStream.range(1, character.length())
                                .forEach(end -> beginnings.add(character.substring(0, end)));
                    });
        }

        boolean mayFollow(int token) {
            return token == END
                    || (token != CONTROL && beginnings.contains(rest(unfinished + bytes(VOCABULARY.piece(token)))));
        }

        void append(int token) {
            unfinished = rest(unfinished + bytes(VOCABULARY.piece(token)));
        }

        /** Without the characters that it begins with. */
        private String rest(String text) {
            for (int length = 1; length <= Math.min(4, text.length()); length++) {
                if (whole.contains(text.substring(0, length))) {
                    return rest(text.substring(length));
                }
            }
            return text;
        }

        private static String bytes(byte[] of) {
            return new String(of, ISO_8859_1);
        }
    }
}
