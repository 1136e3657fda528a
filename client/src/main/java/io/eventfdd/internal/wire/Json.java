package io.eventfdd.internal.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonStringEncoder;

import io.eventfdd.client.ProblemType;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/**
 * Reads and writes JSON as the protocol defines it: strict UTF-8, exactly one value, and no field
 * twice. Safe for all threads.
 *
 * <p>This class and its neighbours use only what Jackson's core has had since 2.12, because the
 * applications that use the library choose the version. So the bounds of depth and of numbers,
 * which newer versions have, are here too.
 */
public final class Json {
    /** The value that {@code null} is read as. */
    static final Object NULL =
            new Object() {
                @Override
                public String toString() {
                    return "null";
                }
            };

    private static final int MAX_DEPTH = 1000;
    private static final int MAX_DIGITS = 1000;
    private static final int TYPICAL_LENGTH = 128;

    /**
     * Jackson's recycled buffers are off, because each thread would keep its own: the daemon has a
     * thread for each connection, and a parser that is given an array needs no buffers.
     */
    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .disable(JsonFactory.Feature.USE_THREAD_LOCAL_FOR_BUFFER_RECYCLING)
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .build();

    private Json() {}

    /** A new, empty object. */
    public static JsonObject object() {
        return new JsonObject();
    }

    /** Sets {@code field} to an unsigned 64-bit number. */
    public static void putCount(JsonObject object, String field, long count) {
        object.set(
                field, count >= 0 ? (Object) count : new BigInteger(Long.toUnsignedString(count)));
    }

    /** {@code value} as UTF-8; it is of a type that {@link #parse} returns. */
    public static byte[] bytes(Object value) {
        return text(value).getBytes(StandardCharsets.UTF_8);
    }

    /** {@code value} as text; it is of a type that {@link #parse} returns. */
    static String text(Object value) {
        var text = new StringBuilder(TYPICAL_LENGTH);
        write(text, value);
        return text.toString();
    }

    private static void write(StringBuilder text, Object value) {
        if (value instanceof String string) {
            writeString(text, string);
        } else if (value instanceof JsonObject object) {
            char before = '{';
            for (var field : object.fields().entrySet()) {
                text.append(before);
                writeString(text, field.getKey());
                text.append(':');
                write(text, field.getValue());
                before = ',';
            }
            text.append(before == '{' ? "{}" : "}");
        } else if (value instanceof JsonArray array) {
            char before = '[';
            for (var element : array.elements()) {
                text.append(before);
                write(text, element);
                before = ',';
            }
            text.append(before == '[' ? "[]" : "]");
        } else if (value instanceof Double number && !Double.isFinite(number)) {
            text.append("null");
        } else {
            text.append(value);
        }
    }

    /** Appends {@code string} with its quotes and escapes. */
    public static void writeString(StringBuilder text, String string) {
        text.append('"');
        if (isPlain(string)) {
            text.append(string);
        } else {
            JsonStringEncoder.getInstance().quoteAsString(string, text);
        }
        text.append('"');
    }

    /** Whether {@code string} needs no escapes, as is the case for nearly all. */
    private static boolean isPlain(String string) {
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            if (c < ' ' || c == '"' || c == '\\') {
                return false;
            }
        }
        return true;
    }

    /**
     * The value that {@code utf8} spells: a {@link JsonObject}, {@link JsonArray}, {@link String},
     * {@link Boolean}, {@link Long}, {@link BigInteger} for an integer that is too large for that,
     * {@link Double} for a number that is not an integer, or {@link #NULL}.
     *
     * @throws ProblemException {@code invalid-request}, saying what is wrong and where
     */
    public static Object parse(byte[] utf8) {
        var text = decode(utf8);
        try (var parser = FACTORY.createParser(text, 0, text.length)) {
            if (parser.nextToken() == null) {
                throw malformed("there is no value");
            }
            var value = value(parser);
            if (parser.nextToken() != null) {
                throw malformed("something follows the value" + where(parser));
            }
            return value;
        } catch (JsonProcessingException e) {
            var location = e.getLocation();
            throw malformed(
                    inPlainWords(e)
                            + (location == null
                                    ? ""
                                    : where(location.getLineNr(), location.getColumnNr())));
        } catch (IOException e) {
            throw new UncheckedIOException("an array cannot be read", e);
        }
    }

    /**
     * The value that begins at the current token. It is read without recursion, because the stack
     * may be small.
     */
    private static Object value(JsonParser parser) throws IOException {
        var open = new ArrayDeque<Object>();
        while (true) {
            var name = open.peek() instanceof JsonObject ? parser.currentName() : "";
            Object value;
            switch (parser.currentToken()) {
                case START_OBJECT -> value = new JsonObject();
                case START_ARRAY -> value = new JsonArray();
                case END_OBJECT, END_ARRAY -> value = open.pop();
                default -> value = scalar(parser);
            }
            boolean begins = parser.currentToken().isStructStart();
            if (!parser.currentToken().isStructEnd()) {
                put(open.peek(), name, value);
            }
            if (begins) {
                check(parser, open.size());
                open.push(value);
            } else if (open.isEmpty()) {
                return value;
            }
            if (parser.nextToken() == JsonToken.FIELD_NAME) {
                parser.nextToken();
            }
        }
    }

    private static void put(@Nullable Object container, String name, Object value) {
        if (container instanceof JsonObject object) {
            object.set(name, value);
        } else if (container instanceof JsonArray array) {
            array.append(value);
        }
    }

    private static Object scalar(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> integer(parser);
            case VALUE_NUMBER_FLOAT -> Double.valueOf(digits(parser));
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> NULL;
            default -> throw new IllegalStateException("no value: " + parser.currentToken());
        };
    }

    private static void check(JsonParser parser, int depth) {
        if (depth == MAX_DEPTH) {
            throw malformed("it is nested deeper than " + MAX_DEPTH + " times" + where(parser));
        }
    }

    private static Object integer(JsonParser parser) throws IOException {
        var digits = digits(parser);
        if (digits.length() <= 18) {
            return Long.valueOf(digits);
        }
        var number = new BigInteger(digits);
        return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
    }

    private static String digits(JsonParser parser) throws IOException {
        var digits = parser.getText();
        if (digits.length() > MAX_DIGITS) {
            throw malformed("a number has more than " + MAX_DIGITS + " digits" + where(parser));
        }
        return digits;
    }

    private static char[] decode(byte[] utf8) {
        var text = new String(utf8, StandardCharsets.UTF_8);
        // This character replaces malformed bytes, or stands for itself; the decoder that can tell
        // is slower.
        if (text.indexOf('\uFFFD') < 0) {
            return text.toCharArray();
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString()
                    .toCharArray();
        } catch (CharacterCodingException e) {
            throw malformed("the text is not UTF-8");
        }
    }

    @SuppressWarnings("deprecation") // the name that 2.12 has; its successor came with 2.13
    private static String where(JsonParser parser) {
        var location = parser.getCurrentLocation();
        return where(location.getLineNr(), location.getColumnNr());
    }

    private static String where(int line, int column) {
        return " (line " + line + ", column " + column + ")";
    }

    private static ProblemException malformed(String why) {
        return new ProblemException(ProblemType.INVALID_REQUEST, "not JSON: " + why);
    }

    /**
     * Jackson's own first line, without the names of its classes, and without where an object
     * began, which it does not know.
     */
    private static String inPlainWords(JsonProcessingException e) {
        var message =
                e.getOriginalMessage()
                        .lines()
                        .findFirst()
                        .orElse("malformed")
                        .replaceAll(" as per `.*| \\((?:for|start marker).*", "");
        return Shown.of(message.replaceAll("\\(?`?(?:java|com)\\.[\\w.$]+`?\\)?", "a value"));
    }
}
