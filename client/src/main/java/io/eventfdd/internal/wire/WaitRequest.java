package io.eventfdd.internal.wire;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;

/**
 * The body of a wait on several eventfds.
 *
 * @param eventfds 1 to 1,024 different names
 * @param mode whether one eventfd is enough, or all have to be readable
 * @param consume whether to take the counts of those that are readable
 * @param timeout how long to wait; zero is "do not wait"
 */
public record WaitRequest(
        List<EventfdName> eventfds, Mode mode, boolean consume, Duration timeout) {
    /** The greatest number of names of one wait. */
    public static final int MAX_NAMES = 1024;

    /** The timeout of a wait that names none. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

    /** Whether one or all of the eventfds have to be readable. */
    public enum Mode {
        /** At least one of the eventfds. */
        ANY,
        /** All eventfds at one moment. */
        ALL;

        static Mode parse(String text) {
            return switch (text) {
                case "any" -> ANY;
                case "all" -> ALL;
                default ->
                        throw new ProblemException(
                                ProblemType.INVALID_VALUE,
                                "mode: '" + Shown.of(text) + "' is neither any nor all");
            };
        }

        @Override
        public String toString() {
            return this == ANY ? "any" : "all";
        }
    }

    /** Checks the names. */
    public WaitRequest {
        eventfds = List.copyOf(eventfds);
        if (eventfds.isEmpty() || eventfds.size() > MAX_NAMES) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    "eventfds: " + eventfds.size() + " names are not 1 to " + MAX_NAMES);
        }
        var seen = new HashSet<EventfdName>();
        for (var name : eventfds) {
            if (!seen.add(name)) {
                throw new ProblemException(
                        ProblemType.INVALID_REQUEST, "eventfds: " + name + " occurs twice");
            }
        }
    }

    /** Reads the body; absent {@code timeout} is {@code defaultTimeout}. */
    public static WaitRequest from(JsonFields fields, Duration defaultTimeout, Duration maxWait) {
        var mode = fields.text("mode").map(Mode::parse).orElse(Mode.ANY);
        boolean consume = fields.bool("consume", false);
        var timeout = fields.timeout("timeout", maxWait).orElse(defaultTimeout);
        fields.end("eventfds");
        return new WaitRequest(fields.names("eventfds"), mode, consume, timeout);
    }

    /** The body that {@link #from} reads. */
    public JsonObject toJson() {
        var json = Json.object();
        var names = json.putArray("eventfds");
        eventfds.forEach(name -> names.add(name.value()));
        return json.put("mode", mode.toString())
                .put("consume", consume)
                .put("timeout", Timeout.format(timeout));
    }
}
