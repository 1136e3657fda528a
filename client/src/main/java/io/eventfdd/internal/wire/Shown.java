package io.eventfdd.internal.wire;

/**
 * Makes text from a client safe for an answer or a log record: one line, not too long, and without
 * control characters.
 */
public final class Shown {
    private static final int MAX_LENGTH = 128;

    private Shown() {}

    /** {@code text} in quotes. */
    public static String quoted(String text) {
        return "'" + of(text) + "'";
    }

    /** At most a line of {@code text}, with control characters replaced. */
    public static String of(String text) {
        var line = new StringBuilder();
        text.codePoints()
                .limit(MAX_LENGTH)
                .map(c -> Character.isISOControl(c) || (c >= 0xd800 && c < 0xe000) ? '\ufffd' : c)
                .forEach(line::appendCodePoint);
        return text.length() > MAX_LENGTH ? line.append('…').toString() : line.toString();
    }
}
