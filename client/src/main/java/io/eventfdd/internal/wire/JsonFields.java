package io.eventfdd.internal.wire;

import io.eventfdd.client.AccessMode;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.client.ProblemType;

import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The fields of one JSON object, each asked for by name and type; {@link #end} refuses those that
 * nobody asked for, so that a typo does not silently change what happens.
 *
 * <p>Every method throws {@link ProblemException}: {@code invalid-request} for a wrong JSON type,
 * {@code invalid-value} for the right type out of range.
 */
public final class JsonFields {
    private static final int NO_INDEX = -1;

    private final String parent;
    private final int index;
    private final JsonObject object;

    /** The names that were asked for. There are so few that a list is faster than a set. */
    private final List<String> asked = new ArrayList<>(4);

    private JsonFields(String parent, int index, JsonObject object) {
        this.parent = parent;
        this.index = index;
        this.object = object;
    }

    /** The fields of the object in {@code body}; an empty body is an object without fields. */
    public static JsonFields parse(byte[] body) {
        return body.length == 0
                ? new JsonFields("", NO_INDEX, Json.object())
                : of("", Json.parse(body));
    }

    /**
     * The fields of {@code value}, which {@code path} leads to, as in {@code eventfds[2].}, for the
     * errors.
     */
    public static JsonFields of(String path, Object value) {
        return of(path, NO_INDEX, value);
    }

    /** The fields of element {@code index} of the array {@code array}. */
    static JsonFields ofElement(String array, int index, Object value) {
        return of(array, index, value);
    }

    private static JsonFields of(String parent, int index, Object value) {
        if (value instanceof JsonObject object) {
            return new JsonFields(parent, index, object);
        }
        var path = path(parent, index);
        throw new ProblemException(
                ProblemType.INVALID_REQUEST,
                (path.isEmpty() ? "the body" : path.substring(0, path.length() - 1))
                        + " is not a JSON object");
    }

    /** The path is built only for an error, because most requests are right. */
    private static String path(String parent, int index) {
        return index == NO_INDEX ? parent : parent + "[" + index + "].";
    }

    private String path() {
        return path(parent, index);
    }

    private Optional<Object> field(String name) {
        asked.add(name);
        return Optional.ofNullable(object.get(name));
    }

    /** Whether the field is there. */
    public boolean has(String name) {
        return field(name).isPresent();
    }

    /**
     * An unsigned number, as a JSON integer or as a string of decimal digits, from {@code min} to
     * {@code max}.
     */
    public long count(String name, long min, long max, long absent) {
        var value = field(name).orElse(null);
        if (value == null) {
            return absent;
        }
        BigInteger number;
        if (value instanceof Long integer) {
            number = BigInteger.valueOf(integer);
        } else if (value instanceof BigInteger integer) {
            number = integer;
        } else if (value instanceof String text) {
            try {
                number = Digits.parse(text);
            } catch (NumberFormatException e) {
                throw new ProblemException(
                        ProblemType.INVALID_VALUE, path() + name + ": " + e.getMessage());
            }
        } else {
            throw wrongType(name, "an integer");
        }
        if (number.compareTo(Count.toBigInteger(min)) < 0
                || number.compareTo(Count.toBigInteger(max)) > 0) {
            throw new ProblemException(
                    ProblemType.INVALID_VALUE,
                    path()
                            + name
                            + ": "
                            + Shown.of(number.toString())
                            + " is not "
                            + Count.toString(min)
                            + " to "
                            + Count.toString(max));
        }
        return number.longValue();
    }

    /** {@code true} or {@code false}. */
    public boolean bool(String name, boolean absent) {
        var value = field(name).orElse(null);
        if (value == null) {
            return absent;
        }
        if (value instanceof Boolean bool) {
            return bool;
        }
        throw wrongType(name, "true or false");
    }

    /** A string, if the field is present. */
    public Optional<String> text(String name) {
        return field(name)
                .map(value -> {
                    if (value instanceof String text) {
                        return text;
                    }
                    throw wrongType(name, "a string");
                });
    }

    /** The name of an eventfd. The field is required. */
    public EventfdName name(String name) {
        var text = text(name).orElseThrow(() -> missing(name));
        try {
            return EventfdNames.parse(text);
        } catch (ProblemException e) {
            throw e.in(path() + name);
        }
    }

    /** The names of eventfds, in an array. The field is required. */
    public List<EventfdName> names(String name) {
        var texts = texts(name);
        var names = new ArrayList<EventfdName>(texts.size());
        for (var text : texts) {
            try {
                names.add(EventfdNames.parse(text));
            } catch (ProblemException e) {
                throw e.in(path() + name + "[" + names.size() + "]");
            }
        }
        return List.copyOf(names);
    }

    /** The permission bits of an eventfd, if the field is present. */
    public Optional<AccessMode> mode(String name) {
        try {
            return text(name).map(AccessMode::parse);
        } catch (InvalidRequestException e) {
            throw new ProblemException(e);
        }
    }

    /** A moment as ISO 8601 writes it, if the field is present. */
    public Optional<Instant> time(String name) {
        return text(name)
                .map(text -> {
                    try {
                        return Instant.parse(text);
                    } catch (DateTimeException e) {
                        throw new ProblemException(
                                ProblemType.INVALID_VALUE,
                                path() + name + ": " + Shown.quoted(text) + " is not a time");
                    }
                });
    }

    /** A duration of at most {@code longest}, if the field is present. */
    public Optional<Duration> timeout(String name, Duration longest) {
        return text(name).map(text -> Timeout.parse(path() + name, text, longest));
    }

    /** An object, if the field is present. */
    public Optional<JsonFields> fields(String name) {
        return field(name).map(value -> of(path() + name + ".", value));
    }

    /** The one of {@code constants} whose {@code word} is in the field, which is required. */
    <E> E constant(String name, E[] constants, Function<E, String> word) {
        var text = text(name).orElse("");
        for (var constant : constants) {
            if (word.apply(constant).equals(text)) {
                return constant;
            }
        }
        throw new ProblemException(
                ProblemType.INVALID_VALUE,
                path() + name + ": " + Shown.quoted(text) + " is not known");
    }

    /** The elements of an array. The field is required. */
    public List<Object> array(String name) {
        if (field(name).orElseThrow(() -> missing(name)) instanceof JsonArray array) {
            return array.elements();
        }
        throw wrongType(name, "an array");
    }

    /** The elements of an array of strings. The field is required. */
    public List<String> texts(String name) {
        var texts = new ArrayList<String>();
        for (var element : array(name)) {
            if (!(element instanceof String text)) {
                throw wrongType(name + "[" + texts.size() + "]", "a string");
            }
            texts.add(text);
        }
        return texts;
    }

    /** The elements of an array of integers of at most 64 bits. The field is required. */
    public List<Long> integers(String name) {
        var integers = new ArrayList<Long>();
        for (var element : array(name)) {
            if (!(element instanceof Long integer)) {
                throw wrongType(name + "[" + integers.size() + "]", "an integer of 64 bits");
            }
            integers.add(integer);
        }
        return integers;
    }

    /**
     * Refuses every field that was not asked for and is not among {@code later}, which are asked
     * for later.
     */
    public void end(String... later) {
        var unknown = new ArrayList<String>(0);
        for (var name : object.names()) {
            if (!asked.contains(name) && !isAmong(later, name)) {
                unknown.add(Shown.of(path() + name));
            }
        }
        if (!unknown.isEmpty()) {
            var first = unknown.subList(0, Math.min(8, unknown.size()));
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    (unknown.size() == 1 ? "unknown field: " : "unknown fields: ")
                            + String.join(", ", first));
        }
    }

    private static boolean isAmong(String[] names, String name) {
        for (var one : names) {
            if (one.equals(name)) {
                return true;
            }
        }
        return false;
    }

    /** The exception for a required field that is missing. */
    public ProblemException missing(String name) {
        return new ProblemException(
                ProblemType.INVALID_REQUEST, "the field " + path() + name + " is missing");
    }

    private ProblemException wrongType(String name, String wanted) {
        return new ProblemException(
                ProblemType.INVALID_REQUEST, path() + name + " is not " + wanted);
    }
}
