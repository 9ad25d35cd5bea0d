package dev.millrace.gateway.dialect;

/** Texts as the UTF-8 that they travel in, without encoding them. */
public final class Utf8 {
    private Utf8() {}

    /** Bytes that a well-formed text takes. */
    public static int length(String text) {
        int bytes = text.length();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x800 && !Character.isSurrogate(c)) {
                bytes += 2;
            } else if (c >= 0x80) { // each half of a pair counts for two of its four bytes
                bytes += 1;
            }
        }
        return bytes;
    }

    /** Bytes that a well-formed text takes in JSON, between the quotation marks. */
    public static int jsonLength(String text) {
        int bytes = length(text);
        for (int i = 0; i < text.length(); i++) {
            bytes += escapeBytes(text.charAt(i));
        }
        return bytes;
    }

    private static int escapeBytes(char c) {
        return switch (c) {
            case '"', '\\', '\b', '\t', '\n', '\f', '\r' -> 1;
            default -> c < ' ' ? "\\u0000".length() - 1 : 0;
        };
    }

    /** Whether every surrogate has its other half. JSON can escape one that has not; UTF-8 cannot hold it. */
    static boolean isWellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isHighSurrogate(text.charAt(i))
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }
}
