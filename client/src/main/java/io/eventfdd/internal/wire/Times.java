package io.eventfdd.internal.wire;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** The text of a time, as {@link Instant#toString} has it, in a third of the time. */
final class Times {
    private static final long FIRST = Instant.parse("0000-01-01T00:00:00Z").getEpochSecond();
    private static final long LAST = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

    private Times() {}

    /** Appends {@code time} to {@code text}. */
    static void write(StringBuilder text, Instant time) {
        long second = time.getEpochSecond();
        if (second < FIRST || second > LAST) {
            text.append(time);
            return;
        }
        var utc = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
        write(text, utc.getYear(), 1000);
        write(text.append('-'), utc.getMonthValue(), 10);
        write(text.append('-'), utc.getDayOfMonth(), 10);
        write(text.append('T'), utc.getHour(), 10);
        write(text.append(':'), utc.getMinute(), 10);
        write(text.append(':'), utc.getSecond(), 10);
        writeFraction(text, time.getNano());
        text.append('Z');
    }

    /** Writes as many groups of three digits as there are until only zeros follow. */
    private static void writeFraction(StringBuilder text, int nanos) {
        if (nanos == 0) {
            return;
        }
        text.append('.');
        if (nanos % 1_000_000 == 0) {
            write(text, nanos / 1_000_000, 100);
        } else if (nanos % 1000 == 0) {
            write(text, nanos / 1000, 100_000);
        } else {
            write(text, nanos, 100_000_000);
        }
    }

    /** Appends the digits of {@code number}; the first of them counts {@code unit}. */
    private static void write(StringBuilder text, int number, int unit) {
        for (int left = number, each = unit; each > 0; left %= each, each /= 10) {
            text.append((char) ('0' + left / each));
        }
    }
}
