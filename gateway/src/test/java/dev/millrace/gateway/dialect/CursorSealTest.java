package dev.millrace.gateway.dialect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CursorSealTest {
    private static final byte[] OLD = key(1);
    private static final byte[] NEW = key(2);
    private static final ResumePoint POINT = new ResumePoint(
            UUID.randomUUID(), 7, 1L << 40, Instant.ofEpochSecond(1_700_000_000), "会話".repeat(128), null, true, true);

    private final CursorSeal seal = new CursorSeal(List.of(OLD), "replies");

    @Test
    void opensWhatItSealed() throws Exception {
        assertThat(seal.open(seal.seal(POINT, "me"), "me")).isEqualTo(POINT);
    }

    @Test
    void neverSealsTheSameTwiceAlike() {
        assertThat(seal.seal(POINT, "me")).isNotEqualTo(seal.seal(POINT, "me"));
    }

    @Test
    void takesEveryChangedBitForAForgery() {
        byte[] sealed = Base64.getUrlDecoder().decode(seal.seal(POINT, "me"));

        for (int bit = 0; bit < sealed.length * 8; bit++) {
            byte[] changed = sealed.clone();
            changed[bit / 8] ^= (byte) (1 << (bit % 8));
            assertThat(codeOf(Base64.getUrlEncoder().encodeToString(changed), "me"))
                    .as("bit %d", bit)
                    .isEqualTo(bit >= 8 && bit < 40 ? ErrorCode.CURSOR_KEY_UNKNOWN : ErrorCode.INVALID_CURSOR);
        }
    }

    @Test
    void takesEveryShorterOneForAForgery() {
        String sealed = seal.seal(POINT, "me");

        for (int length = 0; length < sealed.length() - 1; length++) {
            assertThat(codeOf(sealed.substring(0, length), "me")).isEqualTo(ErrorCode.INVALID_CURSOR);
        }
    }

    @Test
    void opensForNobodyElseAndForNoOtherTopic() {
        String sealed = seal.seal(POINT, "me");

        assertThat(codeOf(sealed, "you")).isEqualTo(ErrorCode.INVALID_CURSOR);
        assertThatThrownBy(() -> new CursorSeal(List.of(OLD), "other").open(sealed, "me"))
                .isInstanceOf(BadEventException.class);
    }

    @Test
    void rotatesKeys() throws Exception {
        String old = seal.seal(POINT, "me");
        CursorSeal rotating = new CursorSeal(List.of(NEW, OLD), "replies");
        CursorSeal rotated = new CursorSeal(List.of(NEW), "replies");

        assertThat(rotating.open(old, "me")).isEqualTo(POINT);
        assertThat(rotated.open(rotating.seal(POINT, "me"), "me")).isEqualTo(POINT);
        assertThat(catchThrowableOfType(BadEventException.class, () -> rotated.open(old, "me"))
                        .code())
                .isEqualTo(ErrorCode.CURSOR_KEY_UNKNOWN);
    }

    @Test
    void wantsKeysOf32Bytes() {
        String whole = Base64.getEncoder().encodeToString(OLD);

        assertThat(CursorSeal.keys(List.of(whole))).containsExactly(OLD);
        assertThatThrownBy(() -> CursorSeal.keys(List.of("c2hvcnQ="))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CursorSeal.keys(List.of("§"))).isInstanceOf(IllegalArgumentException.class);
    }

    private ErrorCode codeOf(String cursor, String principal) {
        return catchThrowableOfType(BadEventException.class, () -> seal.open(cursor, principal))
                .code();
    }

    private static byte[] key(int value) {
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) value);
        return key;
    }
}
