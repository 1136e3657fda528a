package io.eventfdd.internal.wire;

import io.eventfdd.client.ProblemType;

import java.time.Duration;

/** The holder that a lease is requested for. The lease lapses when its holder ends. */
public sealed interface LeaseHolder {
    /** The shortest time that a lease can be held for. */
    Duration SHORTEST = Duration.ofSeconds(1);

    /** A time that is longer than any setting allows. */
    Duration LONGEST = Duration.ofDays(365);

    /** The process that connected; it lapses when that process ends. */
    record OfProcess() implements LeaseHolder {
        @Override
        public String text() {
            return "process";
        }
    }

    /** The connection of the request; it lapses when that connection ends. */
    record OfConnection() implements LeaseHolder {
        @Override
        public String text() {
            return "connection";
        }
    }

    /** A time, within which the lease has to be renewed. */
    record For(Duration time) implements LeaseHolder {
        @Override
        public String text() {
            return Timeout.format(time);
        }
    }

    /** The text of the holder in a request. */
    String text();

    /**
     * Reads the field {@code holder}.
     *
     * @param longest the longest time that is allowed
     * @throws io.eventfdd.internal.wire.ProblemException {@code invalid-request} if it is neither a
     *     word nor a duration, {@code invalid-value} if the duration is out of range
     */
    static LeaseHolder parse(String text, Duration longest) {
        if (text.equals("process")) {
            return new OfProcess();
        }
        if (text.equals("connection")) {
            return new OfConnection();
        }
        if (text.isEmpty() || !Character.isDigit(text.charAt(0))) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    "holder: "
                            + Shown.quoted(text)
                            + " is not \"process\", \"connection\" or a duration such as 30s");
        }
        var time = Timeout.parse("holder", text, LONGEST, "any lease");
        if (time.compareTo(SHORTEST) < 0 || time.compareTo(longest) > 0) {
            throw new ProblemException(
                    ProblemType.INVALID_VALUE,
                    "holder: "
                            + Shown.quoted(text)
                            + " is not "
                            + Timeout.format(SHORTEST)
                            + " to max-lease, "
                            + Timeout.format(longest));
        }
        return new For(time);
    }
}
