package dev.millrace.worker.grammar;

import dev.millrace.worker.llama.Grammar;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Turns named expressions into a grammar over bytes. Belongs to one call. */
final class GrammarCompiler {
    private final Map<String, Expression> rules;
    private final FlatRules flat = new FlatRules();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final Map<CharacterSet, Integer> sets = new HashMap<>();
    private final Deque<String> toCompile = new ArrayDeque<>();
    /** The rule that is being compiled: parts of it bear its name. */
    private String current = "";

    private GrammarCompiler(Map<String, Expression> rules) {
        this.rules = rules;
    }

    /** What the rule of this name says. Expressions nest as deep as their parsers allow, which is not deep. */
    static Grammar compile(Map<String, Expression> rules, String root) throws GrammarException {
        GrammarCompiler compiler = new GrammarCompiler(rules);
        compiler.number(root);
        while (!compiler.toCompile.isEmpty()) {
            compiler.compileRule(compiler.toCompile.remove());
        }
        compiler.flat.dropEndless();
        compiler.flat.refuseLeftRecursion();
        return compiler.flat.grammar();
    }

    private int number(String name) throws GrammarException {
        Integer known = numbers.get(name);
        if (known != null) {
            return known;
        }
        int added = flat.add(name);
        numbers.put(name, added);
        toCompile.add(name);
        return added;
    }

    private void compileRule(String name) throws GrammarException {
        Expression expression = rules.get(name);
        if (expression == null) {
            throw new GrammarException("has no rule " + name);
        }
        current = name;
        define(number(name), expression);
    }

    private void define(int rule, Expression expression) throws GrammarException {
        List<Expression> options =
                expression instanceof Expression.Choice choice ? choice.options() : List.of(expression);
        for (Expression option : options) {
            flat.addAlternative(rule, elements(option));
        }
    }

    private IntStream elements(Expression expression) throws GrammarException {
        if (expression instanceof Expression.Text text) {
            return bytes(text.text());
        } else if (expression instanceof Expression.OneOf one) {
            return oneOf(one.characters());
        } else if (expression instanceof Expression.Sequence sequence) {
            List<IntStream> parts = new ArrayList<>();
            for (Expression part : sequence.parts()) {
                parts.add(elements(part));
            }
            return parts.stream().flatMapToInt(part -> part);
        } else if (expression instanceof Expression.Reference reference) {
            return IntStream.of(Grammar.reference(number(reference.rule())));
        } else if (expression instanceof Expression.Repeat repeat) {
            return repeat(repeat);
        }
        int rule = flat.add(current);
        define(rule, expression);
        return IntStream.of(Grammar.reference(rule));
    }

    private static IntStream bytes(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return IntStream.range(0, utf8.length).map(i -> Grammar.range(utf8[i] & 0xFF, utf8[i] & 0xFF));
    }

    private IntStream oneOf(CharacterSet characters) throws GrammarException {
        List<int[]> sequences = Utf8Ranges.of(characters);
        if (sequences.size() == 1) {
            return IntStream.of(sequences.get(0));
        }
        Integer known = sets.get(characters);
        if (known != null) {
            return IntStream.of(Grammar.reference(known));
        }
        int rule = flat.add(current);
        sets.put(characters, rule);
        for (int[] sequence : sequences) {
            flat.addAlternative(rule, IntStream.of(sequence));
        }
        return IntStream.of(Grammar.reference(rule));
    }

    /** The body as often as it must be, and then a rule that goes on or ends: for each more time, or for ever. */
    private IntStream repeat(Expression.Repeat repeat) throws GrammarException {
        int[] body = body(repeat.body());
        if (body.length == 0) {
            return IntStream.empty();
        }
        IntStream.Builder elements = IntStream.builder();
        for (int i = 0; i < repeat.least(); i++) {
            flat.count(body.length);
            IntStream.of(body).forEach(elements);
        }
        if (repeat.most() == Expression.UNBOUNDED) {
            int more = flat.add(current);
            flat.addAlternative(more, IntStream.concat(IntStream.of(body), IntStream.of(Grammar.reference(more))));
            flat.addAlternative(more, IntStream.empty());
            elements.add(Grammar.reference(more));
        } else if (repeat.most() > repeat.least()) {
            IntStream rest = IntStream.empty();
            for (int i = repeat.least(); i < repeat.most(); i++) {
                int more = flat.add(current);
                flat.addAlternative(more, IntStream.concat(IntStream.of(body), rest));
                flat.addAlternative(more, IntStream.empty());
                rest = IntStream.of(Grammar.reference(more));
            }
            rest.forEach(elements);
        }
        return elements.build();
    }

    /** One element, so that saying it again is cheap. */
    private int[] body(Expression expression) throws GrammarException {
        int[] elements = elements(expression).toArray();
        if (elements.length <= 1) {
            return elements;
        }
        int rule = flat.add(current);
        flat.addAlternative(rule, IntStream.of(elements));
        return new int[] {Grammar.reference(rule)};
    }
}
