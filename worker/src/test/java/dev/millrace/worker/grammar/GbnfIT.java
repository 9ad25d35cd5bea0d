package dev.millrace.worker.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.worker.llama.Grammar;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GbnfIT {
    @Test
    void readsWhatTheNotationHas() throws GrammarException {
        Grammar grammar = ResponseGrammar.ofGbnf("""
                # a comment
                root  ::= greeting ("," ws name){1,2} [.!]? | # another one
                          "\\x41\\u00e9\\U0001F600\\"\\\\" .
                greeting ::= "hi" | "hello"+
                name ::= [^a-z,.!] [a-z\\-]* (
                   "x"
                   | "y" {2} )?
                ws ::= " "*
                """);

        assertThat(Probe.accepts(grammar, "hi,Bob")).isTrue();
        assertThat(Probe.accepts(grammar, "hellohello,  Ann-a, Évexyy!")).isTrue();
        assertThat(Probe.accepts(grammar, "Aé😀\"\\水")).isTrue();
        assertThat(Probe.accepts(grammar, "hi")).isFalse();
        assertThat(Probe.accepts(grammar, "hi,bob")).isFalse();
        assertThat(Probe.accepts(grammar, "hi,Bob,Bob,Bob")).isFalse();
        assertThat(Probe.accepts(grammar, "hi,Bob!!")).isFalse();
        assertThat(Probe.accepts(grammar, "")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "root ::= ((\"a\"?)*)*",
                "root ::= (a b)* \na ::= \"a\"? \nb ::= a a",
                "root ::= \"a\" root | ",
                "root ::= \"(\" root \")\" root | \"a\"*",
                "root ::= unused | \"a\"{0,70} \nunused ::= \"a\" unused"
            })
    void followsWhatCanBeReadInManyWays(String gbnf) throws GrammarException {
        Grammar grammar = ResponseGrammar.ofGbnf(gbnf);

        assertThat(Probe.accepts(grammar, "")).isTrue();
        assertThat(Probe.accepts(grammar, "a".repeat(60))).isTrue();
        assertThat(Probe.accepts(grammar, "ab")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[\\u0000-\\U0010ffff]",
                "[^x]",
                ".",
                "[\\u0800-\\uffff]|[\\u0001-\\u07ff]|[\\U00010000-\\U0010ffff]"
            })
    void takesWholeCharactersAlone(String set) throws GrammarException {
        Grammar grammar = ResponseGrammar.ofGbnf("root ::= " + set);

        for (String character : new String[] {
            "a", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "𐀀", "\udbff\udfff"
        }) {
            assertThat(Probe.accepts(grammar, character)).as(character).isTrue();
        }
        assertThat(Probe.accepts(grammar, "aa")).isFalse();
    }

    @Test
    void goesDeep() throws GrammarException {
        Grammar grammar = ResponseGrammar.ofGbnf("root ::= \"(\" root \")\" | \"\"");

        assertThat(Probe.accepts(grammar, "(".repeat(3000) + ")".repeat(3000))).isTrue();
        assertThat(Probe.accepts(grammar, "(".repeat(3000) + ")".repeat(2999))).isFalse();
    }

    @Test
    void givesUpWhatHasTooManyWays() throws GrammarException {
        String ways = "(\"a\"|\"aa\"|\"aaa\"|\"aaaa\"|\"aaaaa\")";
        Grammar grammar = ResponseGrammar.ofGbnf("root ::= x \"b\" \nx ::= " + ways + " | " + ways + " x x x \"c\"? x");

        assertThat(Probe.accepts(grammar, "a".repeat(2000) + "b")).isFalse();
    }
}
