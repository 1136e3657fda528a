package io.eventfdd.internal.wire;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * The packet with which a holder brings eventfds back to {@code fd.sock} after another daemon has
 * started.
 *
 * @param entries 1 to 253 eventfds of different names, in the order of the descriptors that come
 *     with the packet
 */
public record DonateRequest(List<Entry> entries) {
    /**
     * The number of eventfds that every daemon takes in one packet, however few files it may open.
     */
    public static final int ALWAYS_TAKEN = 32;

    /**
     * One of the eventfds.
     *
     * @param name the name that it was opened with
     * @param spec the spec that it was created with; its initial count has no meaning
     */
    public record Entry(EventfdName name, EventfdSpec spec) {
        private static Entry from(JsonFields fields) {
            fields.end("name", "semaphore", "nonblocking", "mode");
            return new Entry(fields.name("name"), SpecFields.from(fields));
        }

        private JsonObject toJson() {
            return Json.object()
                    .put("name", name.value())
                    .put("semaphore", spec.semaphore())
                    .put("nonblocking", spec.nonblocking())
                    .put("mode", spec.mode().toString());
        }
    }

    /** Checks the names. */
    public DonateRequest {
        entries = List.copyOf(entries);
        OpenRequest.checkNames(entries, Entry::name);
    }

    /**
     * The number of eventfds that {@code packet} claims to bring, even if it is malformed
     * otherwise; empty if it is not a donation.
     */
    public static OptionalInt size(byte[] packet) {
        try {
            var fields = JsonFields.parse(packet);
            return Op.of(fields) == Op.DONATE
                    ? OptionalInt.of(fields.array("eventfds").size())
                    : OptionalInt.empty();
        } catch (ProblemException e) {
            return OptionalInt.empty();
        }
    }

    /**
     * Reads the packet.
     *
     * @throws ProblemException if it is not such a request
     */
    public static DonateRequest from(JsonFields fields) {
        fields.end("op", "eventfds");
        var entries = new ArrayList<Entry>();
        for (var element : fields.array("eventfds")) {
            entries.add(Entry.from(JsonFields.ofElement("eventfds", entries.size(), element)));
        }
        return new DonateRequest(entries);
    }

    /** The packet that {@link #from} reads. */
    public JsonObject toJson() {
        var json = Op.DONATE.request();
        var array = json.putArray("eventfds");
        entries.forEach(entry -> array.add(entry.toJson()));
        return json;
    }
}
