package org.scoutfs.cli;

/** Columns. By hand: {@code String.format} costs a short command 20 ms. */
final class Text {
    private Text() {}

    /** Padded on the right. */
    static String left(String text, int width) {
        return text.length() >= width ? text : text + " ".repeat(width - text.length());
    }

    /** Padded on the left. */
    static String right(String text, int width) {
        return text.length() >= width ? text : " ".repeat(width - text.length()) + text;
    }

    /** A 64-bit number in 16 hexadecimal digits. */
    static String hex16(long value) {
        String digits = Long.toHexString(value);
        return "0".repeat(16 - digits.length()) + digits;
    }

    /** Nanoseconds as nine digits. */
    static String nanos(int nanos) {
        String digits = Integer.toString(nanos);
        return "0".repeat(Math.max(0, 9 - digits.length())) + digits;
    }

    /** Words of a text in lines of at most {@code width} characters, each after {@code indent} blanks but the first. */
    static String wrapped(String text, int indent, int width) {
        StringBuilder out = new StringBuilder();
        int column = indent;
        for (String word : text.split(" ", -1)) {
            if (column > indent && column + 1 + word.length() > width) {
                out.append('\n').repeat(' ', indent);
                column = indent;
            } else if (column > indent) {
                out.append(' ');
                column++;
            }
            out.append(word);
            column += word.length();
        }
        return out.toString();
    }
}
