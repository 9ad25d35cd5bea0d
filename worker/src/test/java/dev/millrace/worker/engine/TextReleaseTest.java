package dev.millrace.worker.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextReleaseTest {
    private static final String EIGHT_LANGUAGES = "光合作用 Hello l’été ¿Qué? 日本語がき مرحبًا بك Привет สวัสดี 👩‍🚀🇹🇭";

    @Test
    void releasesWholeCharactersWhereverTokensEnd() {
        byte[] bytes = EIGHT_LANGUAGES.getBytes(UTF_8);

        for (int size = 1; size <= 5; size++) {
            TextRelease release = new TextRelease(List.of());
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < bytes.length; i += size) {
                String released =
                        release.accept(java.util.Arrays.copyOfRange(bytes, i, Math.min(i + size, bytes.length)));
                assertThat(released).doesNotContain("\uFFFD");
                assertThat(Character.isLowSurrogate(released.isEmpty() ? 'x' : released.charAt(0)))
                        .isFalse();
                text.append(released);
            }
            assertThat(text).hasToString(EIGHT_LANGUAGES);
            assertThat(release.rest()).isEmpty();
        }
    }

    @Test
    void dropsACharacterThatNeverEnds() {
        TextRelease release = new TextRelease(List.of());

        String released = release.accept(new byte[] {'a', (byte) 0xE5, (byte) 0x85});

        assertThat(released).isEqualTo("a");
        assertThat(release.rest()).isEmpty();
    }

    @Test
    void replacesBytesThatCanNeverBecomeACharacter() {
        TextRelease release = new TextRelease(List.of());

        String released = release.accept(new byte[] {'a', (byte) 0xFF, 'b'});

        assertThat(released).isEqualTo("a\uFFFDb");
    }

    @Test
    void holdsBackWhatMayBecomeAStopString() {
        TextRelease release = new TextRelease(List.of("\nUser:", "END"));

        assertThat(accept(release, "so\nUs")).isEqualTo("so");
        assertThat(accept(release, "eful E")).isEqualTo("\nUseful ");
        assertThat(release.rest()).isEqualTo("E");
        assertThat(accept(release, "N")).isEmpty();
        assertThat(accept(release, "D of it")).isEmpty();
        assertThat(release.stopped()).isTrue();
        assertThat(release.rest()).isEmpty();
        assertThat(accept(release, "more")).isEmpty();
    }

    @Test
    void stopsBeforeTheFirstOfSeveral() {
        TextRelease release = new TextRelease(List.of("three", "two"));

        assertThat(accept(release, "one two three")).isEqualTo("one ");
        assertThat(release.stopped()).isTrue();
    }

    @Test
    void stopsAcrossTheBytesOfACharacter() {
        TextRelease release = new TextRelease(List.of("終わり"));
        byte[] bytes = "これで終わり。".getBytes(UTF_8);
        StringBuilder text = new StringBuilder();

        for (byte b : bytes) {
            text.append(release.accept(new byte[] {b}));
        }

        assertThat(text).hasToString("これで");
        assertThat(release.stopped()).isTrue();
    }

    @Test
    void findsAStopStringThatOverlapsItsOwnBeginning() {
        TextRelease release = new TextRelease(List.of("aab"));

        assertThat(accept(release, "a")).isEmpty();
        assertThat(accept(release, "a")).isEmpty();
        assertThat(accept(release, "a")).isEqualTo("a");
        assertThat(accept(release, "b")).isEmpty();
        assertThat(release.stopped()).isTrue();
    }

    private static String accept(TextRelease release, String text) {
        return release.accept(text.getBytes(UTF_8));
    }
}
