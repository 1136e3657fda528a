package io.eventfdd.internal.wire;

import io.eventfdd.client.ProblemType;

import java.time.Duration;
import java.util.regex.Pattern;

/**
 * The text of a duration: a whole number and a unit, {@code 500ms}, {@code 30s}, {@code 5m}, {@code
 * 2h}.
 */
public final class Timeout {
    private static final Pattern TEXT = Pattern.compile("([0-9]+)(ms|s|m|h)");

    /** A number with more digits than this is longer than any wait, whatever the unit. */
    private static final int MAX_DIGITS = 15;

    private Timeout() {}

    /**
     * Parses a time that a client wants to wait.
     *
     * @param what the field or parameter that {@code text} comes from, for the error
     * @param longest the setting {@code max-wait}
     * @throws ProblemException {@code invalid-request} if it is not a duration, or longer
     */
    public static Duration parse(String what, String text, Duration longest) {
        return parse(what, text, longest, "max-wait, " + format(longest));
    }

    /**
     * Parses a duration.
     *
     * @param what the field, parameter or setting that {@code text} comes from, for the error
     * @param longest the longest duration that is allowed
     * @param limit what {@code longest} is, for the error
     * @throws ProblemException {@code invalid-request} if it is not a duration, or longer
     */
    public static Duration parse(String what, String text, Duration longest, String limit) {
        var matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    what
                            + ": '"
                            + Shown.of(text)
                            + "' is not a duration; it is a whole number and a unit, as in 500ms,"
                            + " 30s, 5m, 2h");
        }
        var digits = matcher.group(1);
        if (digits.length() > MAX_DIGITS) {
            throw tooLong(what, text, limit);
        }
        long number = Long.parseLong(digits);
        var duration =
                switch (matcher.group(2)) {
                    case "ms" -> Duration.ofMillis(number);
                    case "s" -> Duration.ofSeconds(number);
                    case "m" -> Duration.ofMinutes(number);
                    default -> Duration.ofHours(number);
                };
        if (duration.compareTo(longest) > 0) {
            throw tooLong(what, text, limit);
        }
        return duration;
    }

    private static ProblemException tooLong(String what, String text, String limit) {
        return new ProblemException(
                ProblemType.INVALID_REQUEST,
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
