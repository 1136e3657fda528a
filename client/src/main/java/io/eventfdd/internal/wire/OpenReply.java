package io.eventfdd.internal.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.eventfdd.client.EventfdName;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The packet with which the descriptors come.
 *
 * @param entries one for each descriptor, in their order, which is that of the request
 */
public record OpenReply(List<Entry> entries) {
    private static final int TYPICAL_ENTRY = 112;
    private static final List<String> REST =
            IntStream.range(0, 8)
                    .mapToObj(bits ->
                            "\",\"semaphore\":"
                                    + ((bits & 4) != 0)
                                    + ",\"nonblocking\":"
                                    + ((bits & 2) != 0)
                                    + ",\"created\":"
                                    + ((bits & 1) != 0)
                                    + "},")
                    .toList();

    /**
     * An eventfd whose descriptor came with the packet.
     *
     * @param semaphore whether a read takes 1 rather than all
     * @param nonblocking whether it was created with O_NONBLOCK
     * @param created whether this request created it
     */
    public record Entry(EventfdName name, boolean semaphore, boolean nonblocking, boolean created) {
        /** The text after the name, which is one of eight strings. */
        private String rest() {
            return REST.get((semaphore ? 4 : 0) + (nonblocking ? 2 : 0) + (created ? 1 : 0));
        }

        private static Entry from(JsonFields fields) {
            return new Entry(
                    fields.name("name"),
                    fields.bool("semaphore", false),
                    fields.bool("nonblocking", true),
                    fields.bool("created", false));
        }
    }

    /** Copies the entries. */
    public OpenReply {
        entries = List.copyOf(entries);
    }

    /** Reads the packet. Fields of later versions are ignored. */
    public static OpenReply from(JsonFields fields) {
        var entries = new ArrayList<Entry>();
        for (var element : fields.array("eventfds")) {
            entries.add(Entry.from(JsonFields.ofElement("eventfds", entries.size(), element)));
        }
        return new OpenReply(entries);
    }

    /**
     * The packet that {@link #from} reads. It is written by hand, which takes only microseconds for
     * the longest one, because the daemon's one thread does it. A name has no character that needs
     * an escape.
     */
    public byte[] toBytes() {
        var json = new StringBuilder(TYPICAL_ENTRY * entries.size()).append("{\"eventfds\":[");
        for (var entry : entries) {
            json.append("{\"name\":\"").append(entry.name().value()).append(entry.rest());
        }
        if (!entries.isEmpty()) {
            json.setLength(json.length() - 1);
        }
        return json.append("]}").toString().getBytes(US_ASCII);
    }
}
