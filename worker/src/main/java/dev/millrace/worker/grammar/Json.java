package dev.millrace.worker.grammar;

import static dev.millrace.worker.grammar.Expression.UNBOUNDED;
import static dev.millrace.worker.grammar.Expression.choice;
import static dev.millrace.worker.grammar.Expression.oneOf;
import static dev.millrace.worker.grammar.Expression.optional;
import static dev.millrace.worker.grammar.Expression.repeat;
import static dev.millrace.worker.grammar.Expression.sequence;
import static dev.millrace.worker.grammar.Expression.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * JSON (RFC 8259) as models should write it: numbers of a length that every reader can hold, white space of one kind and
 * in bounds, and no escaped surrogates, which could stand alone.
 */
final class Json {
    static final Expression VALUE = new Expression.Reference("value");
    static final Expression OBJECT = new Expression.Reference("object");
    static final Expression ARRAY = new Expression.Reference("array");
    static final Expression STRING = new Expression.Reference("string");
    static final Expression NUMBER = new Expression.Reference("number");
    static final Expression INTEGER = new Expression.Reference("integer");
    static final Expression BOOLEAN = choice(text("true"), text("false"));
    static final Expression NULL = text("null");
    static final Expression QUOTE = text("\"");

    /** One character of a string, written as itself or escaped. */
    static final Expression CHARACTER = new Expression.Reference("character");

    private static final Expression SPACE = new Expression.Reference("space");

    /** What need not be escaped. */
    private static final CharacterSet PLAIN = CharacterSet.ALL.without(CharacterSet.of(0, 0x1F, '"', '"', '\\', '\\'));

    private static final Map<Integer, String> SHORT_ESCAPES = Map.of(
            (int) '"',
            "\\\"",
            (int) '\\',
            "\\\\",
            (int) '\b',
            "\\b",
            (int) '\f',
            "\\f",
            (int) '\n',
            "\\n",
            (int) '\r',
            "\\r",
            (int) '\t',
            "\\t");

    private static final Expression DIGIT = oneOf('0', '9');
    private static final Expression HEX = oneOf('0', '9', 'A', 'F', 'a', 'f');
    private static final Expression WHOLE_PART =
            sequence(optional(text("-")), choice(text("0"), sequence(oneOf('1', '9'), repeat(DIGIT, 0, 15))));

    /** The rules that are referred to here. */
    static final Map<String, Expression> RULES = Map.of(
            "value", choice(OBJECT, ARRAY, STRING, NUMBER, BOOLEAN, NULL),
            "object", object(optional(list(member(STRING, VALUE), 1, UNBOUNDED))),
            "array", array(VALUE, 0, UNBOUNDED),
            "string", string(0, UNBOUNDED),
            "number",
                    sequence(
                            WHOLE_PART,
                            optional(sequence(text("."), repeat(DIGIT, 1, 16))),
                            optional(sequence(
                                    oneOf('E', 'E', 'e', 'e'),
                                    optional(oneOf('+', '+', '-', '-')),
                                    repeat(DIGIT, 1, 2)))),
            "integer", WHOLE_PART,
            "character", choice(new Expression.OneOf(PLAIN), sequence(text("\\"), escape())),
            "space",
                    choice(
                            Expression.EMPTY,
                            text(" "),
                            sequence(text("\n"), repeat(oneOf(' ', ' ', '\t', '\t'), 0, 40))));

    private Json() {}

    static Expression object(Expression members) {
        return sequence(text("{"), SPACE, members, text("}"));
    }

    static Expression array(Expression item, int least, int most) {
        Expression items = most == 0 ? Expression.EMPTY : list(item, Math.max(least, 1), most);
        return sequence(text("["), SPACE, least == 0 ? optional(items) : items, text("]"));
    }

    /** So many of them, with commas between. */
    private static Expression list(Expression item, int least, int most) {
        Expression more = sequence(comma(), item);
        return sequence(item, repeat(more, least - 1, most == UNBOUNDED ? UNBOUNDED : most - 1), SPACE);
    }

    static Expression comma() {
        return sequence(text(","), SPACE);
    }

    static Expression space() {
        return SPACE;
    }

    static Expression member(Expression name, Expression value) {
        return sequence(name, text(":"), SPACE, value);
    }

    /** A string of so many characters. */
    static Expression string(int least, int most) {
        return sequence(QUOTE, repeat(CHARACTER, least, most), QUOTE);
    }

    /** One of these characters inside a string. */
    static Expression character(CharacterSet characters) {
        List<Expression> ways = new ArrayList<>();
        ways.add(new Expression.OneOf(characters.and(PLAIN)));
        SHORT_ESCAPES.forEach((character, escape) -> {
            if (characters.contains(character)) {
                ways.add(text(escape));
            }
        });
        return new Expression.Choice(ways);
    }

    /** A string without escapes that is none of these. */
    static Expression stringOtherThan(List<String> texts) {
        return sequence(QUOTE, otherThan(texts), QUOTE);
    }

    private static Expression otherThan(List<String> texts) {
        Expression anything = repeat(new Expression.OneOf(PLAIN), 0, UNBOUNDED);
        List<Expression> ways = new ArrayList<>();
        if (!texts.contains("")) {
            ways.add(Expression.EMPTY);
        }
        List<Integer> firsts = texts.stream()
                .filter(text -> !text.isEmpty())
                .map(text -> text.codePointAt(0))
                .distinct()
                .toList();
        CharacterSet others = PLAIN;
        for (int first : firsts) {
            others = others.without(CharacterSet.of(first, first));
            String character = Character.toString(first);
            List<String> rests = texts.stream()
                    .filter(text -> text.startsWith(character))
                    .map(text -> text.substring(character.length()))
                    .toList();
            if (PLAIN.contains(first)) {
                ways.add(sequence(text(character), otherThan(rests)));
            }
        }
        ways.add(sequence(new Expression.OneOf(others), anything));
        return new Expression.Choice(ways);
    }

    private static Expression escape() {
        Expression below = sequence(oneOf('0', '9', 'A', 'C', 'E', 'F', 'a', 'c', 'e', 'f'), HEX, HEX, HEX);
        Expression belowSurrogates = sequence(oneOf('D', 'D', 'd', 'd'), oneOf('0', '7'), HEX, HEX);
        return choice(
                oneOf('"', '"', '/', '/', '\\', '\\', 'b', 'b', 'f', 'f', 'n', 'n', 'r', 'r', 't', 't'),
                sequence(text("u"), choice(below, belowSurrogates)));
    }
}
