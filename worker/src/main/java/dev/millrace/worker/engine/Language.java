package dev.millrace.worker.engine;

import static java.lang.Character.UnicodeScript.ARABIC;
import static java.lang.Character.UnicodeScript.BOPOMOFO;
import static java.lang.Character.UnicodeScript.COMMON;
import static java.lang.Character.UnicodeScript.CYRILLIC;
import static java.lang.Character.UnicodeScript.HAN;
import static java.lang.Character.UnicodeScript.HIRAGANA;
import static java.lang.Character.UnicodeScript.INHERITED;
import static java.lang.Character.UnicodeScript.KATAKANA;
import static java.lang.Character.UnicodeScript.LATIN;
import static java.lang.Character.UnicodeScript.THAI;
import static java.lang.Character.UnicodeScript.UNKNOWN;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import java.lang.Character.UnicodeScript;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A language that a prompt may ask to be answered in: how the model is told, and what it is written with. */
public enum Language {
    ZH("请用中文回答。"),
    EN("Answer in English."),
    FR("Réponds en français."),
    ES("Responde en español."),
    JA("日本語で答えてください。"),
    AR("أجب باللغة العربية."),
    RU("Отвечай по-русски."),
    TH("ตอบเป็นภาษาไทย");

    /** Digits, punctuation, symbols, emoji, white space; marks that join any letter; and Latin, for names and code. */
    private static final Set<UnicodeScript> EVERYWHERE = EnumSet.of(COMMON, INHERITED, LATIN);

    private final String instruction;

    Language(String instruction) {
        this.instruction = instruction;
    }

    /**
     * By its BCP 47 code; region and script do not matter.
     *
     * @throws PromptRefusedException {@code invalid_prompt} for any other
     */
    public static Language of(String code) throws PromptRefusedException {
        String language = Locale.forLanguageTag(code).getLanguage();
        for (Language candidate : values()) {
            if (candidate.code().equals(language)) {
                return candidate;
            }
        }
        String all = Arrays.stream(values()).map(Language::code).collect(Collectors.joining(", "));
        throw new PromptRefusedException(
                ErrorCode.INVALID_PROMPT, "language", "language must be one of " + all + ", or left out");
    }

    /** As in ISO 639-1. */
    String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The chat with a sentence in its system part, in the language itself, that asks for it. */
    public List<Message> ask(List<Message> messages) {
        boolean system = !messages.isEmpty() && messages.get(0).getRole() == Role.SYSTEM;
        String own = system ? messages.get(0).getContent() + "\n\n" : "";
        Stream<Message> rest = messages.stream().skip(system ? 1 : 0);
        return Stream.concat(Stream.of(new Message(Role.SYSTEM, own + instruction)), rest)
                .toList();
    }

    /** What it may be written with, by code point. */
    BitSet characters() {
        BitSet characters = new BitSet();
        IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(this::isWrittenWith)
                .forEach(characters::set);
        return characters;
    }

    private Set<UnicodeScript> ownScripts() {
        return switch (this) {
            case ZH -> Set.of(HAN, BOPOMOFO);
            case JA -> Set.of(HAN, HIRAGANA, KATAKANA);
            case AR -> Set.of(ARABIC);
            case RU -> Set.of(CYRILLIC);
            case TH -> Set.of(THAI);
            case EN, FR, ES -> Set.of();
        };
    }

    private boolean isWrittenWith(int c) {
        UnicodeScript script = UnicodeScript.of(c);
        return EVERYWHERE.contains(script) || ownScripts().contains(script) || isGreekSymbol(c) || isNewPictogram(c);
    }

    /** Greek letters without accents stand for quantities and constants in every language. */
    private static boolean isGreekSymbol(int c) {
        return (c >= 'Α' && c <= 'Ω') || (c >= 'α' && c <= 'ω' && c != 'ς') || c == '\u2126';
    }

    /** Emoji that came after the Unicode version that this Java knows. */
    private static boolean isNewPictogram(int c) {
        return c >= 0x1F000 && c <= 0x1FAFF && UnicodeScript.of(c) == UNKNOWN;
    }
}
