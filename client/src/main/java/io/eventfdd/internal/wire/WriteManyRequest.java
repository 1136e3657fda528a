package io.eventfdd.internal.wire;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * The body of a write to several eventfds, which writes to all of them or to none.
 *
 * @param entries 1 to 1,024 entries of different names
 * @param timeout how long to wait for room in all of them; zero is "do not wait"
 */
public record WriteManyRequest(List<Entry> entries, Duration timeout) {
    /** The greatest number of names of one write. */
    public static final int MAX_NAMES = 1024;

    /**
     * The value for one eventfd.
     *
     * @param value 1 to 2^64-2, unsigned
     */
    public record Entry(EventfdName name, long value) {}

    /** Checks the names. */
    public WriteManyRequest {
        entries = List.copyOf(entries);
        if (entries.isEmpty() || entries.size() > MAX_NAMES) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    "eventfds: " + entries.size() + " names are not 1 to " + MAX_NAMES);
        }
        var seen = new HashSet<EventfdName>();
        for (var entry : entries) {
            if (!seen.add(entry.name())) {
                throw new ProblemException(
                        ProblemType.INVALID_REQUEST, "eventfds: duplicate name: " + entry.name());
            }
        }
    }

    /** Reads the body; an absent value is 1, an absent timeout {@code standard}. */
    public static WriteManyRequest from(JsonFields fields, Duration standard, Duration maxWait) {
        var timeout = fields.timeout("timeout", maxWait).orElse(standard);
        fields.end("eventfds");
        var entries = new ArrayList<Entry>();
        for (var element : fields.array("eventfds")) {
            var entry = JsonFields.ofElement("eventfds", entries.size(), element);
            var name = entry.name("name");
            long value = entry.count("value", 1, Count.MAX, 1);
            entry.end();
            entries.add(new Entry(name, value));
        }
        return new WriteManyRequest(entries, timeout);
    }

    /** The body that {@link #from} reads. */
    public JsonObject toJson() {
        var json = Json.object();
        var array = json.putArray("eventfds");
        for (var entry : entries) {
            var one = Json.object().put("name", entry.name().value());
            Json.putCount(one, "value", entry.value());
            array.add(one);
        }
        return json.put("timeout", Timeout.format(timeout));
    }
}
