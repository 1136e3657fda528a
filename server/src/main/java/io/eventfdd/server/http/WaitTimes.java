package io.eventfdd.server.http;

import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.WaitRequest;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long calls wait: what a request says of it, within the limit in force. */
public final class WaitTimes {
    private static final HeaderName PREFER = HeaderNames.create("Prefer");

    /** RFC 7240's preference to wait, in seconds. */
    private static final Pattern WAIT =
            Pattern.compile(
                    "(?:^|[,;])\\s*wait\\s*=\\s*\"?([0-9]++)\"?\\s*(?:$|[,;])",
                    Pattern.CASE_INSENSITIVE);

    /** A number of more digits is shortened to {@link #LONGEST_PREFERENCE}. */
    private static final int MOST_DIGITS = 9;

    /** Longer than any limit; a sum with it is still in range. */
    private static final Duration LONGEST_PREFERENCE = Duration.ofSeconds(Integer.MAX_VALUE);

    private final Supplier<Duration> maxWait;

    /** At most as long as {@code maxWait} says at the time. */
    public WaitTimes(Supplier<Duration> maxWait) {
        this.maxWait = maxWait;
    }

    /** The longest that a call may ask for. */
    Duration longest() {
        return maxWait.get();
    }

    /** How long a wait lasts that does not say. */
    Duration standard() {
        return shorter(WaitRequest.DEFAULT_TIMEOUT, maxWait.get());
    }

    /** The field {@code timeout}, or else the preference, or else {@code standard}. */
    Duration timeout(Exchange exchange, JsonFields fields, Duration standard) {
        return fields.timeout("timeout", maxWait.get())
                .or(() -> preferred(exchange))
                .orElse(standard);
    }

    /**
     * RFC 7240's {@code Prefer: wait=N}. It is a wish: one that is longer than the limit is
     * shortened and not refused. Several lines of the header are one list.
     */
    Optional<Duration> preferred(Exchange exchange) {
        var lines = exchange.headers(PREFER);
        if (lines.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(WAIT.matcher(String.join(",", lines)))
                .filter(Matcher::find)
                .map(matcher -> shorter(seconds(matcher.group(1)), maxWait.get()));
    }

    private static Duration seconds(String digits) {
        return digits.length() > MOST_DIGITS
                ? LONGEST_PREFERENCE
                : Duration.ofSeconds(Long.parseLong(digits));
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
