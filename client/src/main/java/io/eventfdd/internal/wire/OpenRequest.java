package io.eventfdd.internal.wire;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.Function;

/**
 * The packet that asks {@code fd.sock} for the descriptors of eventfds, all of them or none.
 *
 * @param entries 1 to 253 eventfds of different names, in the order in which the descriptors come
 */
public record OpenRequest(List<Entry> entries) {
    /** The greatest size of a packet in bytes, in both directions. */
    public static final int MAX_PACKET = 64 * 1024;

    /** The greatest number of descriptors in one message (SCM_MAX_FD). */
    public static final int MAX_ENTRIES = 253;

    /**
     * One of the eventfds.
     *
     * @param name the name of the eventfd
     * @param create the spec to create it with if it does not exist; without a spec it must exist
     * @param exclusive whether it must not exist; only with {@code create}
     */
    public record Entry(EventfdName name, @Nullable EventfdSpec create, boolean exclusive) {
        /** An eventfd that must exist. */
        public static Entry of(EventfdName name) {
            return new Entry(name, null, false);
        }

        /** An eventfd that is created if it does not exist. */
        public static Entry creating(EventfdName name, EventfdSpec spec) {
            return new Entry(name, spec, false);
        }

        /** An eventfd that is created, and must not exist. */
        public static Entry creatingExclusively(EventfdName name, EventfdSpec spec) {
            return new Entry(name, spec, true);
        }

        private static Entry from(JsonFields fields) {
            fields.end("name", "create");
            var name = fields.name("name");
            var create = fields.fields("create").orElse(null);
            if (create == null) {
                return of(name);
            }
            create.end("initial", "semaphore", "nonblocking", "mode", "exclusive");
            return new Entry(name, SpecFields.from(create), create.bool("exclusive", false));
        }

        private JsonObject toJson() {
            var json = Json.object().put("name", name.value());
            if (create != null) {
                var spec = SpecFields.json(create);
                if (exclusive) {
                    spec.put("exclusive", true);
                }
                json.put("create", spec);
            }
            return json;
        }
    }

    /** Checks the names. */
    public OpenRequest {
        entries = List.copyOf(entries);
        checkNames(entries, Entry::name);
    }

    /** Checks that one packet can have {@code entries}: 1 to 253, and no name twice. */
    static <E> void checkNames(List<E> entries, Function<E, EventfdName> nameOf) {
        if (entries.isEmpty() || entries.size() > MAX_ENTRIES) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    "eventfds: " + entries.size() + " entries are not 1 to " + MAX_ENTRIES);
        }
        if (entries.size() == 1) {
            return;
        }
        var seen = new HashSet<EventfdName>(2 * entries.size());
        for (var entry : entries) {
            var name = nameOf.apply(entry);
            if (!seen.add(name)) {
                throw new ProblemException(
                        ProblemType.INVALID_REQUEST, "eventfds: " + name + " occurs twice");
            }
        }
    }

    /**
     * Reads the packet.
     *
     * @throws ProblemException if it is not such a request
     */
    public static OpenRequest from(JsonFields fields) {
        fields.end("op", "eventfds");
        Op.OPEN.check(fields);
        var entries = new ArrayList<Entry>();
        for (var element : fields.array("eventfds")) {
            entries.add(Entry.from(JsonFields.ofElement("eventfds", entries.size(), element)));
        }
        return new OpenRequest(entries);
    }

    /** The packet that {@link #from} reads. */
    public JsonObject toJson() {
        var json = Op.OPEN.request();
        var array = json.putArray("eventfds");
        entries.forEach(entry -> array.add(entry.toJson()));
        return json;
    }
}
