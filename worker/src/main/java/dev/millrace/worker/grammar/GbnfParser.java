package dev.millrace.worker.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads GBNF, llama.cpp's notation of grammars, but for its references to tokens. The rule {@code root} is the whole.
 * Belongs to one call.
 */
final class GbnfParser {
    static final String ROOT = "root";

    private static final int DEEPEST = 64;
    private static final int MOST_TIMES = 10_000;

    private final Text text;
    private final Map<String, Expression> rules = new LinkedHashMap<>();
    private int depth;

    private GbnfParser(String grammar) {
        this.text = new Text(grammar);
    }

    static Map<String, Expression> parse(String grammar) throws GrammarException {
        GbnfParser parser = new GbnfParser(grammar);
        parser.skipSpace(true);
        while (!parser.text.atEnd()) {
            parser.rule();
        }
        if (!parser.rules.containsKey(ROOT)) {
            throw new GrammarException("has no rule root");
        }
        return parser.rules;
    }

    private void rule() throws GrammarException {
        String name = name();
        skipSpace(false);
        text.expect("::=");
        skipSpace(true);
        if (rules.put(name, choice(false)) != null) {
            throw text.error("this rule is there already");
        }
        if (!text.atEnd() && !text.skip("\r\n") && !text.skip("\n") && !text.skip("\r")) {
            throw text.error("expected the end of the line");
        }
        skipSpace(true);
    }

    private String name() throws GrammarException {
        int start = text.at();
        while (isOfName(text.peek())) {
            text.next();
        }
        if (text.at() == start) {
            throw text.error("expected the name of a rule");
        }
        return text.since(start);
    }

    private Expression choice(boolean nested) throws GrammarException {
        List<Expression> options = new ArrayList<>();
        do {
            skipSpace(nested || !options.isEmpty());
            options.add(sequence(nested));
        } while (text.skip("|"));
        return options.size() == 1 ? options.get(0) : new Expression.Choice(options);
    }

    private Expression sequence(boolean nested) throws GrammarException {
        List<Expression> parts = new ArrayList<>();
        while (true) {
            int next = text.peek();
            if (next == '*' || next == '+' || next == '?' || next == '{') {
                if (parts.isEmpty()) {
                    throw text.error("there is nothing to repeat");
                }
                int last = parts.size() - 1;
                parts.set(last, repeated(parts.get(last), nested));
            } else if (next == '"' || next == '[' || next == '.' || next == '(' || isOfName(next)) {
                parts.add(part(next));
            } else if (next == '<' || next == '!') {
                throw text.error("tokens cannot be named here");
            } else {
                return parts.size() == 1 ? parts.get(0) : new Expression.Sequence(parts);
            }
            skipSpace(nested);
        }
    }

    private Expression part(int next) throws GrammarException {
        if (isOfName(next)) {
            return new Expression.Reference(name());
        }
        text.next();
        return switch (next) {
            case '"' -> literal();
            case '[' -> new Expression.OneOf(set());
            case '.' -> new Expression.OneOf(CharacterSet.ALL);
            default -> group();
        };
    }

    private Expression group() throws GrammarException {
        if (++depth > DEEPEST) {
            throw text.error("nests deeper than " + DEEPEST + " levels");
        }
        Expression inner = choice(true);
        depth--;
        text.expect(")");
        return inner;
    }

    private Expression literal() throws GrammarException {
        StringBuilder literal = new StringBuilder();
        while (!text.skip("\"")) {
            literal.appendCodePoint(character());
        }
        return new Expression.Text(literal.toString());
    }

    private CharacterSet set() throws GrammarException {
        boolean negated = text.skip("^");
        List<Integer> pairs = new ArrayList<>();
        while (!text.skip("]")) {
            int first = character();
            pairs.add(first);
            pairs.add(text.peek() == '-' && text.peekBehind() != ']' ? upperEnd(first) : first);
        }
        CharacterSet set =
                CharacterSet.of(pairs.stream().mapToInt(Integer::intValue).toArray());
        return negated ? CharacterSet.ALL.without(set) : set.and(CharacterSet.ALL);
    }

    private int upperEnd(int first) throws GrammarException {
        text.next();
        int last = character();
        if (last < first) {
            throw text.error("the range ends before it begins");
        }
        return last;
    }

    private int character() throws GrammarException {
        int character = text.next();
        return character == '\\' ? escaped() : character;
    }

    private int escaped() throws GrammarException {
        int character = text.next();
        return switch (character) {
            case 'x' -> text.hex(2);
            case 'u' -> text.hex(4);
            case 'U' -> text.hex(8);
            case 't' -> '\t';
            case 'r' -> '\r';
            case 'n' -> '\n';
            case '\\', '"', '[', ']', '-' -> character;
            default -> throw text.error("there is no such escape");
        };
    }

    private Expression repeated(Expression body, boolean nested) throws GrammarException {
        return switch (text.next()) {
            case '*' -> Expression.repeat(body, 0, Expression.UNBOUNDED);
            case '+' -> Expression.repeat(body, 1, Expression.UNBOUNDED);
            case '?' -> Expression.optional(body);
            default -> counted(body, nested);
        };
    }

    private Expression counted(Expression body, boolean nested) throws GrammarException {
        skipSpace(nested);
        int least = text.number(MOST_TIMES);
        int most = least;
        skipSpace(nested);
        if (text.skip(",")) {
            skipSpace(nested);
            most = text.peek() == '}' ? Expression.UNBOUNDED : text.number(MOST_TIMES);
            skipSpace(nested);
        }
        text.expect("}");
        if (most < least) {
            throw text.error("the most is less than the least");
        }
        return Expression.repeat(body, least, most);
    }

    private void skipSpace(boolean newlines) throws GrammarException {
        while (true) {
            int next = text.peek();
            if (next == '#') {
                while (!text.atEnd() && text.peek() != '\n' && text.peek() != '\r') {
                    text.next();
                }
            } else if (next == ' ' || next == '\t' || (newlines && (next == '\n' || next == '\r'))) {
                text.next();
            } else {
                return;
            }
        }
    }

    private static boolean isOfName(int character) {
        return (character >= 'a' && character <= 'z')
                || (character >= 'A' && character <= 'Z')
                || (character >= '0' && character <= '9')
                || character == '-';
    }
}
