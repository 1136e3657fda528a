package io.eventfdd.internal.wire;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;

import java.util.ArrayList;
import java.util.List;

/**
 * The reply to a donation, which says what happened to each eventfd. A descriptor comes with it for
 * each that is {@link Result#REPLACED}, in their order.
 *
 * @param entries in the order of the request
 */
public record DonateReply(List<Entry> entries) {
    /** The result for one eventfd. */
    public enum Result {
        /** The name leads to this eventfd again. */
        ADOPTED("adopted"),
        /** The name already led to this eventfd. */
        SAME("same"),
        /** The name leads to another eventfd by now, which the holder should use from now on. */
        REPLACED("replaced"),
        /** The eventfd was not taken; the problem says why. */
        REFUSED("refused");

        private final String word;

        Result(String word) {
            this.word = word;
        }

        private static Result of(String word) {
            for (var result : values()) {
                if (result.word.equals(word)) {
                    return result;
                }
            }
            throw new ProblemException(ProblemType.INVALID_VALUE, "result: " + Shown.quoted(word));
        }
    }

    /** The result for one eventfd of the donation. */
    public sealed interface Entry {
        /** The name of the eventfd. */
        EventfdName name();

        /** The result. */
        Result result();
    }

    /**
     * An entry for an eventfd that was not refused.
     *
     * @param result not {@link Result#REFUSED}
     */
    public record Taken(EventfdName name, Result result) implements Entry {}

    /**
     * An entry for an eventfd that was refused. It has only the type of the problem, so that all
     * entries fit into one packet.
     */
    public record Refused(EventfdName name, ProblemType problem) implements Entry {
        @Override
        public Result result() {
            return Result.REFUSED;
        }
    }

    /** Copies the entries. */
    public DonateReply {
        entries = List.copyOf(entries);
    }

    /** Reads the packet. Fields of later versions are ignored. */
    public static DonateReply from(JsonFields fields) {
        var entries = new ArrayList<Entry>();
        for (var element : fields.array("eventfds")) {
            entries.add(entry(JsonFields.ofElement("eventfds", entries.size(), element)));
        }
        return new DonateReply(entries);
    }

    private static Entry entry(JsonFields fields) {
        var name = fields.name("name");
        var result = Result.of(fields.text("result").orElseThrow(() -> fields.missing("result")));
        if (result != Result.REFUSED) {
            return new Taken(name, result);
        }
        var type = fields.text("problem").flatMap(ProblemType::ofUrn);
        return new Refused(name, type.orElse(ProblemType.INTERNAL));
    }

    /** The packet that {@link #from} reads. */
    public JsonObject toJson() {
        var json = Json.object();
        var array = json.putArray("eventfds");
        for (var entry : entries) {
            var one =
                    array.addObject()
                            .put("name", entry.name().value())
                            .put("result", entry.result().word);
            if (entry instanceof Refused refused) {
                one.put("problem", refused.problem().urn());
            }
        }
        return json;
    }
}
