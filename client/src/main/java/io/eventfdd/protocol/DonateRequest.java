package io.eventfdd.protocol;

import com.fasterxml.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;

/**
 * The packet that brings eventfds back to {@code fd.sock} by those who hold them, after another
 * daemon has begun.
 *
 * @param entries 1 to 253 of different names, in the order of the descriptors that come with it
 */
public record DonateRequest(List<Entry> entries) {
    private static final String OP = "donate";

    /**
     * One of them.
     *
     * @param name what it was opened as
     * @param spec what it was made as; the initial count is of no meaning
     */
    public record Entry(EventfdName name, EventfdSpec spec) {
        private static Entry from(JsonFields fields) {
            fields.end("name", "semaphore", "nonblocking", "mode");
            return new Entry(
                    new EventfdName(fields.text("name").orElseThrow(() -> fields.missing("name"))),
                    EventfdSpec.from(fields));
        }

        private ObjectNode toJson() {
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
        OpenRequest.checkNames(entries.stream().map(Entry::name).toList());
    }

    /** Whether {@code packet} means to be one, and so the descriptors with it are wanted. */
    public static boolean isOne(byte[] packet) {
        try {
            return JsonFields.parse(packet).text("op").filter(OP::equals).isPresent();
        } catch (ProblemException e) {
            return false;
        }
    }

    /**
     * Reads the packet.
     *
     * @throws ProblemException where it is not such a request
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
    public ObjectNode toJson() {
        var json = Json.object().put("op", OP);
        var array = json.putArray("eventfds");
        entries.forEach(entry -> array.add(entry.toJson()));
        return json;
    }
}
