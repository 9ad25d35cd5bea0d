package dev.millrace.gateway.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.Json;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Utf8Test {
    @ParameterizedTest
    @ValueSource(strings = {"", "abc", "é", "߿ࠀ", "日本語", "𝄞", "👩‍👩‍👧", "\u0000\u007f\u0080\uffff", "العربية"})
    void countsTheBytesOfItsEncoding(String text) {
        assertThat(Utf8.length(text)).isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
        assertThat(Utf8.isWellFormed(text)).isTrue();
    }

    @Test
    void countsTheBytesOfEveryCharacterInJson() {
        for (char c = 0; c < Character.MIN_SURROGATE; c++) {
            String text = String.valueOf(c);
            byte[] json = Json.encode(text).getBytes(StandardCharsets.UTF_8);

            assertThat(Utf8.jsonLength(text)).as("\\u%04x", (int) c).isEqualTo(json.length - 2);
        }
        assertThat(Utf8.jsonLength("\n𝄞\"")).isEqualTo(2 + 4 + 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\ud834", "\udd1e", "\udd1e\ud834", "a\ud834b", "\ud834\ud834\udd1e"})
    void findsHalvesOfPairs(String text) {
        assertThat(Utf8.isWellFormed(text)).isFalse();
    }
}
