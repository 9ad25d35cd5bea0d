package dev.millrace.worker.grammar;

import java.util.List;

/** What some text may be. */
sealed interface Expression {
    int UNBOUNDED = Integer.MAX_VALUE;

    /** The empty text. */
    Expression EMPTY = new Sequence(List.of());

    /** No text at all, not even the empty one. */
    Expression NOTHING = new Choice(List.of());

    /** Exactly this. */
    record Text(String text) implements Expression {}

    /** One of these characters. */
    record OneOf(CharacterSet characters) implements Expression {}

    record Sequence(List<Expression> parts) implements Expression {}

    record Choice(List<Expression> options) implements Expression {}

    /** From {@code least} to {@code most} times; {@link #UNBOUNDED}: as often as one likes. */
    record Repeat(Expression body, int least, int most) implements Expression {}

    /** Whatever the rule of this name says. */
    record Reference(String rule) implements Expression {}

    static Expression text(String text) {
        return new Text(text);
    }

    static Expression sequence(Expression... parts) {
        return new Sequence(List.of(parts));
    }

    static Expression choice(Expression... options) {
        return new Choice(List.of(options));
    }

    static Expression optional(Expression body) {
        return new Repeat(body, 0, 1);
    }

    static Expression repeat(Expression body, int least, int most) {
        return new Repeat(body, least, most);
    }

    /** One character from each of the pairs: first, last, first, last, ... */
    static Expression oneOf(int... pairs) {
        return new OneOf(CharacterSet.of(pairs));
    }
}
