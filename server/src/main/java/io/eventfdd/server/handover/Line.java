package io.eventfdd.server.handover;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.SpecFields;
import io.eventfdd.server.eventfds.Identity;
import io.eventfdd.server.eventfds.Owner;
import io.eventfdd.server.idempotency.KeptAnswer;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** One line of the table: a JSON object, told from the others by its fields. */
sealed interface Line {
    /** The largest count, user or number: whatever an unsigned one may be. */
    long ANY = -1;

    /**
     * The first one.
     *
     * @param stopped whether the process that wrote it had ended all its calls, so that all that
     *     follows is exact
     * @param keys what tells its idempotency keys from those of a process that did not know them
     */
    record Head(boolean stopped, String keys) implements Line {
        @Override
        public JsonObject toJson() {
            return Json.object().put("eventfdd", VERSION).put("stopped", stopped).put("keys", keys);
        }
    }

    /**
     * An eventfd has a name.
     *
     * @param id its number in this table, which is not used again
     * @param shared whether others may hold it
     * @param count its count, where the process stopped
     * @param returning values on their way back to it, where the process stopped
     * @param objects the kernel's ids of those that it has been while others could hold it
     */
    record Entered(
            long id,
            Identity identity,
            boolean shared,
            long count,
            List<Long> returning,
            Set<Long> objects)
            implements Line {
        /** The same, held by others as {@code object}. */
        Entered heldAs(long object) {
            var all = new LinkedHashSet<>(objects);
            all.add(object);
            return new Entered(id, identity, true, count, returning, Set.copyOf(all));
        }

        @Override
        public JsonObject toJson() {
            var json =
                    SpecFields.json(identity.spec())
                            .put("id", id)
                            .put("name", identity.name().value())
                            .put("uid", Integer.toUnsignedLong(identity.owner().uid()))
                            .put("gid", Integer.toUnsignedLong(identity.owner().gid()))
                            .put("created", identity.created().toString())
                            .put("shared", shared);
            Json.putCount(json, "count", count);
            var values = json.putArray("returning");
            returning.forEach(value -> values.add(Long.toUnsignedString(value)));
            var held = json.putArray("objects");
            objects.forEach(held::add);
            return json;
        }
    }

    /** Others may hold eventfd {@code id} from now on, which is the kernel's {@code object}. */
    record Shared(long id, long object) implements Line {
        @Override
        public JsonObject toJson() {
            return Json.object().put("handed-out", id).put("object", object);
        }
    }

    /** Eventfd {@code id} has no name any more. */
    record Removed(long id) implements Line {
        @Override
        public JsonObject toJson() {
            return Json.object().put("removed", id);
        }
    }

    /** An answer that is kept for its idempotency key. */
    record Key(KeptAnswer answer) implements Line {
        @Override
        public JsonObject toJson() {
            var json =
                    Json.object()
                            .put("key", answer.key())
                            .put("uid", Integer.toUnsignedLong(answer.uid()))
                            .put("request", answer.request())
                            .put("life", answer.left().toString())
                            .put("status", answer.status())
                            .put("body", answer.body());
            var taken = json.putArray("taken");
            for (var one : answer.taken()) {
                Json.putCount(
                        taken.addObject().put("name", one.name().value()), "value", one.value());
            }
            return json;
        }
    }

    /** The version of this format. */
    int VERSION = 1;

    /** The line. */
    JsonObject toJson();

    /**
     * Reads a line.
     *
     * @throws ProblemException where it is none
     */
    static Line parse(byte[] utf8) {
        var fields = JsonFields.parse(utf8);
        if (fields.has("removed")) {
            return new Removed(fields.count("removed", 0, ANY, 0));
        }
        if (fields.has("handed-out")) {
            return new Shared(
                    fields.count("handed-out", 0, ANY, 0), fields.count("object", 0, ANY, 0));
        }
        if (fields.has("id")) {
            return entered(fields);
        }
        if (fields.has("key")) {
            return new Key(answer(fields));
        }
        if (fields.count("eventfdd", 0, ANY, 0) != VERSION) {
            throw ProblemType.INVALID_REQUEST.exception("a line of no kind that is known");
        }
        return new Head(fields.bool("stopped", false), fields.text("keys").orElse(""));
    }

    private static Entered entered(JsonFields fields) {
        var returning = new ArrayList<Long>();
        for (var value : fields.texts("returning")) {
            returning.add(Long.parseUnsignedLong(value));
        }
        var objects = new LinkedHashSet<>(fields.integers("objects"));
        var identity =
                new Identity(
                        new EventfdName(fields.text("name").orElse("")),
                        SpecFields.from(fields),
                        new Owner(
                                (int) fields.count("uid", 0, ANY, 0),
                                (int) fields.count("gid", 0, ANY, 0)),
                        instant(fields, "created"));
        return new Entered(
                fields.count("id", 0, ANY, 0),
                identity,
                fields.bool("shared", true),
                fields.count("count", 0, ANY, 0),
                returning,
                objects);
    }

    private static KeptAnswer answer(JsonFields fields) {
        var taken = new ArrayList<KeptAnswer.Taken>();
        for (var element : fields.array("taken")) {
            var one = JsonFields.of("taken.", element);
            taken.add(
                    new KeptAnswer.Taken(
                            new EventfdName(one.text("name").orElse("")),
                            one.count("value", 1, ANY, 1)));
        }
        return new KeptAnswer(
                (int) fields.count("uid", 0, ANY, 0),
                fields.text("key").orElse(""),
                fields.text("request").orElse(""),
                (int) fields.count("status", 0, ANY, 0),
                fields.text("body").orElse(""),
                taken,
                life(fields));
    }

    /**
     * What is left of a key's life. Daemons before this one wrote the date of its end, which says
     * nothing if a clock was set since: such a key lives as long as a new one.
     */
    private static Duration life(JsonFields fields) {
        var life = fields.text("life");
        if (life.isEmpty()) {
            instant(fields, "lapses");
            return KeptAnswer.WHOLE_LIFE;
        }
        try {
            var left = Duration.parse(life.get());
            if (!left.isNegative()) {
                return left;
            }
        } catch (DateTimeException e) {
            // as below
        }
        throw ProblemType.INVALID_VALUE.exception("life is no duration");
    }

    private static Instant instant(JsonFields fields, String name) {
        try {
            return Instant.parse(fields.text(name).orElse(""));
        } catch (DateTimeException e) {
            throw ProblemType.INVALID_VALUE.exception(name + " is no time");
        }
    }
}
