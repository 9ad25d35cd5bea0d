package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LanguageTest {
    @ParameterizedTest
    @CsvSource({
        "zh, ZH",
        "EN, EN",
        "fr-CA, FR",
        "es-419, ES",
        "ja, JA",
        "ar-EG, AR",
        "ru, RU",
        "th, TH",
        "zh-Hant-TW, ZH"
    })
    void isKnownByItsCode(String code, Language language) throws PromptRefusedException {
        assertThat(Language.of(code)).isEqualTo(language);
    }

    @ParameterizedTest
    @ValueSource(strings = {"de", "", "english", "e", "zh_CN", "中文"})
    void refusesAnyOtherAndTellsWhichThereAre(String code) {
        assertThat(catchThrowableOfType(PromptRefusedException.class, () -> Language.of(code))
                        .failure())
                .isEqualTo(new Failure(
                        "invalid_prompt",
                        "language must be one of zh, en, fr, es, ja, ar, ru, th, or left out",
                        "language"));
    }

    @Test
    void asksInTheSystemPart() {
        Message user = new Message(Role.USER, "Hi");

        assertThat(Language.EN.ask(List.of(user)))
                .containsExactly(new Message(Role.SYSTEM, "Answer in English."), user);
        assertThat(Language.EN.ask(List.of(new Message(Role.SYSTEM, "Be brief."), user)))
                .containsExactly(new Message(Role.SYSTEM, "Be brief.\n\nAnswer in English."), user);
    }

    @ParameterizedTest
    @EnumSource
    void isWrittenWithItsOwnWords(Language language) {
        String instruction =
                language.ask(List.of(new Message(Role.USER, ""))).get(0).getContent();

        assertThat(instruction.codePoints()).allMatch(language.characters()::get);
    }

    @ParameterizedTest
    @CsvSource({
        "ZH, 中文ㄅ〇々，。「」（）, かカ한яกع",
        "EN, naïve, 中ㄅかカ한яกعאदΆ",
        "FR, l’été œuvre «», 中かカ한яกع",
        "ES, ¿Qué? ñ¡, 中かカ한яกع",
        "JA, 日本語ひらがなカタカナﾊﾝｶｸー々〇・, ㄅ한яกع",
        "AR, مرحبا ﻻ ٣ ؟ ً, 中かカ한яกא",
        "RU, Привет ёѣ, 中かカ한กع",
        "TH, ก็สวัสดี๓฿, 中かカ한яع"
    })
    void hasItsOwnScriptsAndNoOther(Language language, String own, String foreign) {
        BitSet characters = language.characters();

        assertThat(own.codePoints()).allMatch(characters::get);
        assertThat(foreign.codePoints()).noneMatch(characters::get);
    }

    @ParameterizedTest
    @EnumSource
    void leavesWhatIsOfNoLanguage(Language language) {
        String neutral = "Qwen3 0 \t\n\u00a0 ￥Ａ１ {}[]<>|\\ €£ ½ ² → ∑ √ π Ω µ ☎ 👩‍🚀 🫨 ❤️ ﻿ \ufffd e\u0301";

        assertThat(neutral.codePoints()).allMatch(language.characters()::get);
        assertThat(language.characters().get(0xD800)).isFalse();
        assertThat(language.characters().get(0xE000)).isFalse();
    }
}
