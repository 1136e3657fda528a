package io.eventfdd.internal.wire;

import io.eventfdd.client.ProblemType;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalUnit;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The text of a duration: a whole number and a unit, {@code 500ms}, {@code 30s}, {@code 5m}, {@code
 * 2h}.
 */
public final class Timeout {
    /** The default of {@code max-wait}, for a client that cannot ask the daemon for its own. */
    public static final Duration DEFAULT_MAX_WAIT = Duration.ofHours(1);

    private static final Map<String, TemporalUnit> UNITS =
            Map.of(
                    "ms", ChronoUnit.MILLIS,
                    "s", ChronoUnit.SECONDS,
                    "m", ChronoUnit.MINUTES,
                    "h", ChronoUnit.HOURS);

    /** A number with more digits than this is longer than any wait, whatever the unit. */
    private static final int MAX_DIGITS = 15;

    private Timeout() {}

    /**
     * Parses a time that a client wants to wait.
     *
     * @param what the field or parameter that {@code text} comes from, for the error
     * @param longest the setting {@code max-wait}
     * @throws ProblemException {@code invalid-request} if it is not a duration, {@code
     *     invalid-value} if it is longer
     */
    public static Duration parse(String what, String text, Duration longest) {
        return parse(what, text, longest, () -> "max-wait, " + format(longest));
    }

    /**
     * Parses a duration.
     *
     * @param what the field, parameter or setting that {@code text} comes from, for the error
     * @param longest the longest duration that is allowed
     * @param limit what {@code longest} is, for the error
     * @throws ProblemException {@code invalid-request} if it is not a duration, {@code
     *     invalid-value} if it is longer
     */
    public static Duration parse(String what, String text, Duration longest, String limit) {
        return parse(what, text, longest, () -> limit);
    }

    private static Duration parse(
            String what, String text, Duration longest, Supplier<String> limit) {
        int digits = digits(text);
        var unit = UNITS.get(text.substring(digits));
        if (digits == 0 || unit == null) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    what
                            + ": '"
                            + Shown.of(text)
                            + "' is not a duration; it is a whole number and a unit, as in 500ms,"
                            + " 30s, 5m, 2h");
        }
        if (digits > MAX_DIGITS) {
            throw tooLong(what, text, limit.get());
        }
        var duration = Duration.of(Long.parseLong(text, 0, digits, 10), unit);
        if (duration.compareTo(longest) > 0) {
            throw tooLong(what, text, limit.get());
        }
        return duration;
    }

    /** The number of digits with which {@code text} begins. */
    private static int digits(String text) {
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
            digits++;
        }
        return digits;
    }

    private static ProblemException tooLong(String what, String text, String limit) {
        return new ProblemException(
                ProblemType.INVALID_VALUE,
                what + ": '" + Shown.of(text) + "' is longer than " + limit);
    }

    /** The text of {@code duration}, rounded up to a millisecond so that a wait is never early. */
    public static String format(Duration duration) {
        long millis = duration.plusNanos(999_999).toMillis();
        if (millis % 1000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        if (seconds == 0 || seconds % 60 != 0) {
            return seconds + "s";
        }
        return seconds % 3600 == 0 ? seconds / 3600 + "h" : seconds / 60 + "m";
    }
}
