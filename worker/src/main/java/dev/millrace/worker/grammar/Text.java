package dev.millrace.worker.grammar;

/** A text that is read character by character. Errors say the place, and never quote it. Belongs to one call. */
final class Text {
    static final int END = -1;

    private final String text;
    private int at;

    Text(String text) {
        this.text = text;
    }

    int at() {
        return at;
    }

    boolean atEnd() {
        return at == text.length();
    }

    /** The next character, which stays; {@link #END} behind the last one. */
    int peek() {
        return atEnd() ? END : text.codePointAt(at);
    }

    /** The character behind the next one. */
    int peekBehind() {
        int behind = atEnd() ? at : at + Character.charCount(peek());
        return behind == text.length() ? END : text.codePointAt(behind);
    }

    int next() throws GrammarException {
        int next = peek();
        if (next == END) {
            throw error("it ends too early");
        }
        at += Character.charCount(next);
        if (next >= Character.MIN_SURROGATE && next <= Character.MAX_SURROGATE) {
            throw error("half a surrogate pair is no character");
        }
        return next;
    }

    /** Whether this came next; then it is passed. */
    boolean skip(String expected) {
        boolean found = text.startsWith(expected, at);
        at += found ? expected.length() : 0;
        return found;
    }

    void expect(String expected) throws GrammarException {
        if (!skip(expected)) {
            throw error("expected " + expected);
        }
    }

    String since(int start) {
        return text.substring(start, at);
    }

    int number(int most) throws GrammarException {
        int number = 0;
        int start = at;
        while (peek() >= '0' && peek() <= '9') {
            number = number * 10 + next() - '0';
            if (number > most) {
                throw error("the number is above " + most);
            }
        }
        if (at == start) {
            throw error("expected a number");
        }
        return number;
    }

    /** A character by the hexadecimal digits of its number. */
    int hex(int digits) throws GrammarException {
        long value = 0;
        for (int i = 0; i < digits; i++) {
            int next = next();
            int digit = next > 0x7F ? -1 : Character.digit(next, 16);
            if (digit < 0) {
                throw error("expected " + digits + " hexadecimal digits");
            }
            value = value << 4 | digit;
        }
        if (value > Character.MAX_CODE_POINT
                || (value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE)) {
            throw error("there is no such character");
        }
        return (int) value;
    }

    GrammarException error(String complaint) {
        String before = text.substring(0, at);
        long line = before.chars().filter(c -> c == '\n').count() + 1;
        int column = at - before.lastIndexOf('\n');
        return new GrammarException("has an error at line " + line + ", column " + column + ": " + complaint);
    }
}
