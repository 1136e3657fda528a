package io.eventfdd.internal.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import org.jspecify.annotations.Nullable;

/**
 * Reads the plain JSON that nearly all packets and bodies are: ASCII without escapes, integers of
 * few digits, and nothing wrong. It reads nothing else and refuses nothing: {@link Json} gives
 * whatever is not plain to Jackson, which alone knows what is wrong with a text. For one text.
 *
 * <p>Packets are short, and for a short one Jackson takes most of its time to begin and to end.
 */
final class PlainJson {
    /** Few enough for recursion on a small stack. */
    private static final int MAX_DEPTH = 8;

    private static final int MAX_NAME = 64;

    /** So many digits fit into a {@code long}. */
    private static final int MAX_DIGITS = 18;

    /** Stands for the end of the text, and is not plain anywhere in it. */
    private static final byte END = 0;

    private final byte[] text;
    private int at;

    private PlainJson(byte[] text) {
        this.text = text;
    }

    /**
     * The value that {@code utf8} spells, as {@link Json#parse} has it; null if it is not plain.
     */
    static @Nullable Object parse(byte[] utf8) {
        var json = new PlainJson(utf8);
        var value = json.value(0);
        json.next();
        return json.at == utf8.length ? value : null;
    }

    /** Skips blanks, and returns the byte that follows. */
    private byte next() {
        for (; at < text.length; at++) {
            byte next = text[at];
            if (next != ' ' && next != '\n' && next != '\r' && next != '\t') {
                return next;
            }
        }
        return END;
    }

    private @Nullable Object value(int depth) {
        return switch (next()) {
            case '"' -> string();
            case '{' -> depth == MAX_DEPTH ? null : object(depth + 1);
            case '[' -> depth == MAX_DEPTH ? null : array(depth + 1);
            case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> integer();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", Json.NULL);
            default -> null;
        };
    }

    private @Nullable JsonObject object(int depth) {
        var object = new JsonObject();
        at++;
        if (next() == '}') {
            at++;
            return object;
        }
        while (next() == '"') {
            var name = string();
            if (name == null || name.length() > MAX_NAME || next() != ':') {
                return null;
            }
            at++;
            var value = value(depth);
            if (value == null || object.get(name) != null) {
                return null;
            }
            object.set(name, value);
            byte after = next();
            at++;
            if (after == '}') {
                return object;
            }
            if (after != ',') {
                return null;
            }
        }
        return null;
    }

    private @Nullable JsonArray array(int depth) {
        var array = new JsonArray();
        at++;
        if (next() == ']') {
            at++;
            return array;
        }
        while (true) {
            var element = value(depth);
            if (element == null) {
                return null;
            }
            array.append(element);
            byte after = next();
            at++;
            if (after == ']') {
                return array;
            }
            if (after != ',') {
                return null;
            }
        }
    }

    private @Nullable String string() {
        int start = ++at;
        for (; at < text.length; at++) {
            byte next = text[at];
            if (next == '"') {
                return new String(text, start, at++ - start, ISO_8859_1);
            }
            // The bytes of a character that is not ASCII are negative.
            if (next < ' ' || next == '\\') {
                return null;
            }
        }
        return null;
    }

    /** Whatever may not follow an integer may not follow a value either. */
    private @Nullable Long integer() {
        int start = at;
        long value = 0;
        for (; at < text.length && text[at] >= '0' && text[at] <= '9'; at++) {
            value = 10 * value + text[at] - '0';
        }
        int digits = at - start;
        return digits > MAX_DIGITS || (digits > 1 && text[start] == '0') ? null : (Long) value;
    }

    private @Nullable Object word(String word, Object value) {
        for (int i = 0; i < word.length(); i++, at++) {
            if (at == text.length || text[at] != word.charAt(i)) {
                return null;
            }
        }
        return value;
    }
}
