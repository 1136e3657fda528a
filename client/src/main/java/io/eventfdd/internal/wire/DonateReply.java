package io.eventfdd.internal.wire;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;

import java.util.ArrayList;
import java.util.List;

/**
 * What became of eventfds that were brought back. With it comes a descriptor for each that is
 * {@link Result#REPLACED}, in their order.
 *
 * @param entries in the order of the request
 */
public record DonateReply(List<Entry> entries) {
    /** What became of one. */
    public enum Result {
        /** The name leads to it again. */
        ADOPTED("adopted"),
        /** The name leads to it anyway. */
        SAME("same"),
        /** The name leads to another one by now, which its holder should use from now on. */
        REPLACED("replaced"),
        /** It was not taken; the problem says why. */
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
            throw ProblemType.INVALID_VALUE.exception("result: " + Shown.quoted(word));
        }
    }

    /** One that was taken or not. */
    public sealed interface Entry {
        /** Which. */
        EventfdName name();

        /** What became of it. */
        Result result();
    }

    /**
     * One that the name leads to, or that has to give way.
     *
     * @param result not {@link Result#REFUSED}
     */
    public record Taken(EventfdName name, Result result) implements Entry {}

    /** One that was not taken, with the kind of problem that it is: all of them fit one packet. */
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

    /** Reads the packet; fields of later versions are passed by. */
    public static DonateReply from(JsonFields fields) {
        var entries = new ArrayList<Entry>();
        for (var element : fields.array("eventfds")) {
            entries.add(entry(JsonFields.ofElement("eventfds", entries.size(), element)));
        }
        return new DonateReply(entries);
    }

    private static Entry entry(JsonFields fields) {
        var name = new EventfdName(fields.text("name").orElseThrow(() -> fields.missing("name")));
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
