package dev.millrace.worker.grammar;

import static dev.millrace.worker.grammar.Expression.UNBOUNDED;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads the part of ECMAScript's regular expressions that grammars can say: characters, classes, groups, alternatives,
 * counts, and anchors at the ends. Belongs to one call.
 */
final class PatternParser {
    private static final int DEEPEST = 32;
    private static final int MOST_TIMES = 1_000;
    private static final Expression ANYTHING = Expression.repeat(Json.CHARACTER, 0, UNBOUNDED);

    private static final CharacterSet LINE_ENDS = CharacterSet.of('\n', '\n', '\r', '\r', 0x2028, 0x2029);
    private static final CharacterSet DIGITS = CharacterSet.of('0', '9');
    private static final CharacterSet WORD = CharacterSet.of('0', '9', 'A', 'Z', '_', '_', 'a', 'z');
    private static final CharacterSet SPACE = CharacterSet.of(
            '\t', '\r', ' ', ' ', 0xA0, 0xA0, 0x1680, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F, 0x202F, 0x205F,
            0x205F, 0x3000, 0x3000, 0xFEFF, 0xFEFF);

    private final Text text;
    private int depth;

    private PatternParser(String pattern) {
        this.text = new Text(pattern);
    }

    /** What may stand between the quotes of a JSON string in which the pattern is found. */
    static Expression parse(String pattern) throws GrammarException {
        PatternParser parser = new PatternParser(pattern);
        List<Expression> options = new ArrayList<>();
        do {
            options.add(parser.anchored());
        } while (parser.text.skip("|"));
        if (!parser.text.atEnd()) {
            throw parser.text.error("is not supported");
        }
        return new Expression.Choice(options);
    }

    private Expression anchored() throws GrammarException {
        Expression before = text.skip("^") ? Expression.EMPTY : ANYTHING;
        Expression inner = sequence();
        Expression behind = text.skip("$") ? Expression.EMPTY : ANYTHING;
        return Expression.sequence(before, inner, behind);
    }

    private Expression sequence() throws GrammarException {
        List<Expression> parts = new ArrayList<>();
        while (!text.atEnd() && "|)$".indexOf(text.peek()) < 0) {
            parts.add(counted(part()));
        }
        return new Expression.Sequence(parts);
    }

    private Expression part() throws GrammarException {
        int next = text.next();
        return switch (next) {
            case '(' -> group();
            case '[' -> Json.character(set());
            case '.' -> Json.character(CharacterSet.ALL.without(LINE_ENDS));
            case '\\' -> Json.character(escaped());
            case '^', '*', '+', '?', '{', '}', ']' -> throw text.error("is not supported");
            default -> Json.character(CharacterSet.of(next, next));
        };
    }

    private Expression group() throws GrammarException {
        if (++depth > DEEPEST) {
            throw text.error("nests deeper than " + DEEPEST + " levels");
        }
        if (!text.skip("?:") && text.peek() == '?') {
            throw text.error("groups that look around, and named ones, are not supported");
        }
        List<Expression> options = new ArrayList<>();
        do {
            options.add(sequence());
        } while (text.skip("|"));
        text.expect(")");
        depth--;
        return new Expression.Choice(options);
    }

    private Expression counted(Expression body) throws GrammarException {
        Expression counted = body;
        if (text.skip("*")) {
            counted = Expression.repeat(body, 0, UNBOUNDED);
        } else if (text.skip("+")) {
            counted = Expression.repeat(body, 1, UNBOUNDED);
        } else if (text.skip("?")) {
            counted = Expression.optional(body);
        } else if (text.skip("{")) {
            int least = text.number(MOST_TIMES);
            int most = least;
            if (text.skip(",")) {
                most = text.peek() == '}' ? UNBOUNDED : text.number(MOST_TIMES);
            }
            text.expect("}");
            if (most < least) {
                throw text.error("the most is less than the least");
            }
            counted = Expression.repeat(body, least, most);
        }
        if (counted != body && "*+?{".indexOf(text.peek()) >= 0) {
            throw text.error("is not supported");
        }
        return counted;
    }

    private CharacterSet set() throws GrammarException {
        boolean negated = text.skip("^");
        CharacterSet set = CharacterSet.NONE;
        while (!text.skip("]")) {
            CharacterSet first = inSet();
            if (text.peek() == '-' && text.peekBehind() != ']') {
                text.next();
                CharacterSet last = inSet();
                set = set.or(CharacterSet.of(single(first), single(last)));
                if (single(first) > single(last)) {
                    throw text.error("the range ends before it begins");
                }
            } else {
                set = set.or(first);
            }
        }
        return negated ? CharacterSet.ALL.without(set) : set.and(CharacterSet.ALL);
    }

    private CharacterSet inSet() throws GrammarException {
        int next = text.next();
        return next == '\\' ? escaped() : CharacterSet.of(next, next);
    }

    private int single(CharacterSet set) throws GrammarException {
        List<CharacterSet.Range> ranges = set.ranges();
        if (ranges.size() != 1 || ranges.get(0).first() != ranges.get(0).last()) {
            throw text.error("a range needs characters at its ends");
        }
        return ranges.get(0).first();
    }

    private CharacterSet escaped() throws GrammarException {
        int next = text.next();
        return switch (next) {
            case 'd' -> DIGITS;
            case 'D' -> CharacterSet.ALL.without(DIGITS);
            case 'w' -> WORD;
            case 'W' -> CharacterSet.ALL.without(WORD);
            case 's' -> SPACE;
            case 'S' -> CharacterSet.ALL.without(SPACE);
            case 't' -> one('\t');
            case 'n' -> one('\n');
            case 'r' -> one('\r');
            case 'f' -> one('\f');
            case 'x' -> one(text.hex(2));
            case 'u' -> one(text.hex(4));
            default -> {
                if (next > 0x7F || Character.isLetterOrDigit(next)) {
                    throw text.error("this escape is not supported");
                }
                yield one(next);
            }
        };
    }

    private static CharacterSet one(int character) {
        return CharacterSet.of(character, character);
    }
}
