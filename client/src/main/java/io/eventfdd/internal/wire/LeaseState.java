package io.eventfdd.internal.wire;

import io.eventfdd.client.Count;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The state of a lease at one moment.
 *
 * @param id unguessable, and never used again
 * @param expires when it lapses; present only if it is held for a time
 */
public record LeaseState(
        String id,
        List<LeaseShare> take,
        List<LeaseShare> give,
        Holder holder,
        Instant since,
        Optional<Instant> expires) {
    private static final int TYPICAL_LENGTH = 256;

    /** The kinds of holder. */
    public enum Kind {
        /** A process, until it ends. */
        PROCESS("process"),
        /** A connection, until it ends. */
        CONNECTION("connection"),
        /** A time. */
        DURATION("duration");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        /** The word in a state. */
        public String text() {
            return text;
        }
    }

    /**
     * The holder of a lease.
     *
     * @param pid the process that took or moved it; 0 if it cannot be known
     * @param uid the user whose lease it is
     */
    public record Holder(Kind kind, int pid, int uid) {}

    /** Copies the lists. */
    public LeaseState {
        take = List.copyOf(take);
        give = List.copyOf(give);
    }

    /** A copy with another holder. */
    public LeaseState heldBy(Holder other, Optional<Instant> until) {
        return new LeaseState(id, take, give, other, since, until);
    }

    /** Reads a state; fields of later versions are ignored. */
    public static LeaseState from(JsonFields fields) {
        var holder = fields.fields("holder").orElseThrow(() -> fields.missing("holder"));
        return new LeaseState(
                fields.text("id").orElseThrow(() -> fields.missing("id")),
                LeaseShare.listFrom(fields, "take", LeaseRequest.MAX_PERMITS),
                LeaseShare.listFrom(fields, "give", Count.MAX),
                new Holder(
                        holder.constant("kind", Kind.values(), Kind::text),
                        (int) holder.count("pid", 0, Integer.MAX_VALUE, 0),
                        (int) holder.count("uid", 0, 0xffff_ffffL, 0)),
                fields.time("since").orElseThrow(() -> fields.missing("since")),
                fields.time("expires"));
    }

    /**
     * The text of {@link #toJson}. It is written by hand, because the daemon's one thread does it
     * twice for each lease: for the reply, and for the line of the table. Names and times have no
     * character that needs an escape.
     */
    public String toText() {
        var json = new StringBuilder(TYPICAL_LENGTH).append("{\"id\":");
        Json.writeString(json, id);
        write(take, json.append(",\"take\":["));
        write(give, json.append("],\"give\":["));
        json.append("],\"holder\":{\"kind\":\"")
                .append(holder.kind().text())
                .append("\",\"pid\":")
                .append(holder.pid())
                .append(",\"uid\":")
                .append(Integer.toUnsignedLong(holder.uid()))
                .append("},\"since\":\"");
        Times.write(json, since);
        json.append('"');
        if (expires.isPresent()) {
            Times.write(json.append(",\"expires\":\""), expires.get());
            json.append('"');
        }
        return json.append('}').toString();
    }

    private static void write(List<LeaseShare> shares, StringBuilder json) {
        for (int i = 0; i < shares.size(); i++) {
            json.append(i == 0 ? "{\"name\":\"" : ",{\"name\":\"")
                    .append(shares.get(i).name().value())
                    .append("\",\"value\":")
                    .append(Long.toUnsignedString(shares.get(i).value()))
                    .append('}');
        }
    }

    /** The JSON that {@link #from} reads. */
    public JsonObject toJson() {
        var json = Json.object().put("id", id);
        LeaseShare.write(take, json.putArray("take"));
        LeaseShare.write(give, json.putArray("give"));
        json.putObject("holder")
                .put("kind", holder.kind().text())
                .put("pid", holder.pid())
                .put("uid", Integer.toUnsignedLong(holder.uid()));
        json.put("since", since.toString());
        expires.ifPresent(time -> json.put("expires", time.toString()));
        return json;
    }
}
