package dev.millrace.worker.grammar;

import dev.millrace.worker.llama.Grammar;

/** The grammars that a prompt can ask for. */
public final class ResponseGrammar {
    private static final int LONGEST = 1 << 18;

    private ResponseGrammar() {}

    /** Any JSON object. */
    public static Grammar ofJsonObject() {
        try {
            return GrammarCompiler.compile(Json.RULES, "object");
        } catch (GrammarException e) {
            throw new AssertionError("the grammar of JSON is a grammar", e);
        }
    }

    /** JSON that is valid against a schema (JSON Schema 2020-12). */
    public static Grammar ofJsonSchema(String schema) throws GrammarException {
        return GrammarCompiler.compile(JsonSchema.parse(bounded(schema)), JsonSchema.ROOT);
    }

    /** Text that a grammar in llama.cpp's notation describes. */
    public static Grammar ofGbnf(String gbnf) throws GrammarException {
        return GrammarCompiler.compile(GbnfParser.parse(bounded(gbnf)), GbnfParser.ROOT);
    }

    private static String bounded(String text) throws GrammarException {
        if (text.length() > LONGEST) {
            throw new GrammarException("has more than " + LONGEST + " characters");
        }
        return text;
    }
}
