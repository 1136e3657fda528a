package io.eventfdd.server.handover;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.LeaseState;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.SpecFields;
import io.eventfdd.server.eventfds.Former;
import io.eventfdd.server.eventfds.Identity;
import io.eventfdd.server.eventfds.KeptLease;
import io.eventfdd.server.eventfds.Owner;
import io.eventfdd.server.idempotency.KeptAnswer;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** One line of the table: a JSON object, whose fields tell which kind of line it is. */
sealed interface Row {
    /** The largest count, user or number: any unsigned value. */
    long ANY = -1;

    /**
     * The first line.
     *
     * @param stopped whether the process that wrote the file had ended all its calls, so that all
     *     other lines are exact
     * @param keys the origin of its idempotency keys, which differs from that of a process that did
     *     not know them
     */
    record Head(boolean stopped, String keys) implements Row {
        @Override
        public String text() {
            return Json.object()
                    .put("eventfdd", VERSION)
                    .put("stopped", stopped)
                    .put("keys", keys)
                    .toString();
        }
    }

    /**
     * An eventfd has a name.
     *
     * @param id its number in this table, which is not used again
     * @param shared whether other processes may hold it
     * @param count its count, if the process had stopped
     * @param returning values on their way back to it, if the process had stopped
     * @param former the kernel objects that it has had while other processes could hold it
     */
    record Entered(
            long id,
            Identity identity,
            boolean shared,
            long count,
            List<Long> returning,
            Former former)
            implements Row {
        /** Whether other processes may hold {@code object}, its current kernel object. */
        boolean isHeldAs(long object) {
            var last = former.last();
            return shared
                    && last.isPresent()
                    && last.getAsLong() == object
                    && former.advance(object) == 0;
        }

        /** A copy of which other processes may hold {@code object}. */
        Entered heldAs(long object) {
            return new Entered(id, identity, true, count, returning, former.and(object));
        }

        /** A copy with {@code advance} on the count of {@code object}. */
        Entered withAdvance(long object, long advance) {
            return new Entered(
                    id, identity, shared, count, returning, former.withAdvance(object, advance));
        }

        @Override
        public String text() {
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
            former.advances().keySet().forEach(held::add);
            var advances = json.putObject("advances");
            former.advances()
                    .forEach((object, advance) -> {
                        if (advance != 0) {
                            Json.putCount(advances, Long.toString(object), advance);
                        }
                    });
            return json.toString();
        }
    }

    /**
     * Eventfd {@code id} began anew with an advance on the count of the kernel's {@code object}, or
     * that advance has changed because a holder came.
     */
    record Advanced(long id, long object, long advance) implements Row {
        @Override
        public String text() {
            var json = Json.object().put("advanced", id).put("object", object);
            Json.putCount(json, "advance", advance);
            return json.toString();
        }
    }

    /**
     * From now on other processes may hold eventfd {@code id}, whose kernel object is {@code
     * object}.
     */
    record Shared(long id, long object) implements Row {
        @Override
        public String text() {
            return Json.object().put("handed-out", id).put("object", object).toString();
        }
    }

    /** Eventfd {@code id} was deleted. */
    record Removed(long id) implements Row {
        @Override
        public String text() {
            return Json.object().put("removed", id).toString();
        }
    }

    /** An answer that is kept for its idempotency key. */
    record Key(KeptAnswer answer) implements Row {
        @Override
        public String text() {
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
            return json.toString();
        }
    }

    /**
     * A lease was granted, or has another holder.
     *
     * @param eventfds the numbers of the eventfds that it takes from, and then of those that it
     *     gives to, in the order of its state
     * @param boot the start of the system to which its clock and its process belong
     */
    record Leased(KeptLease lease, List<Long> eventfds, String boot) implements Row {
        private static final int TYPICAL_LENGTH = 384;

        /** A copy with another holder. */
        Leased movedTo(KeptLease moved, String since) {
            return new Leased(moved, eventfds, since);
        }

        /** The names whose eventfds are not among those of {@code numbers}. */
        Set<EventfdName> notIn(Set<Long> numbers) {
            var names = new LinkedHashSet<EventfdName>();
            var shares = shares(lease.state());
            for (int i = 0; i < shares.size(); i++) {
                if (!numbers.contains(eventfds.get(i))) {
                    names.add(shares.get(i).name());
                }
            }
            return names;
        }

        /** The number of permits that it has taken of eventfd {@code id}. */
        long taken(long id) {
            long taken = 0;
            var take = lease.state().take();
            for (int i = 0; i < take.size(); i++) {
                taken += eventfds.get(i) == id ? take.get(i).value() : 0;
            }
            return taken;
        }

        static List<LeaseShare> shares(LeaseState state) {
            var all = new ArrayList<>(state.take());
            all.addAll(state.give());
            return all;
        }

        @Override
        public String text() {
            var line =
                    new StringBuilder(TYPICAL_LENGTH)
                            .append("{\"leased\":")
                            .append(lease.state().toText())
                            .append(",\"eventfds\":[");
            for (int i = 0; i < eventfds.size(); i++) {
                line.append(i == 0 ? "" : ",").append(eventfds.get(i).longValue());
            }
            line.append("],\"process\":")
                    .append(lease.process())
                    .append(",\"term\":\"")
                    .append(lease.term())
                    .append("\",\"until\":\"")
                    .append(lease.until())
                    .append("\",\"boot\":");
            Json.writeString(line, boot);
            return line.append('}').toString();
        }
    }

    /** The lease with this ID has ended. */
    record LeaseEnded(String id) implements Row {
        @Override
        public String text() {
            return Json.object().put("lease-ended", id).toString();
        }
    }

    /** The version of this format. A daemon of another version does not read it. */
    int VERSION = 1;

    /** The table is of another version. */
    final class OtherVersion extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final long version;

        OtherVersion(long version) {
            super("version " + version, null, false, false);
            this.version = version;
        }

        long version() {
            return version;
        }
    }

    /** The line, which is JSON, without its end. */
    String text();

    /**
     * Reads a line.
     *
     * @throws ProblemException if it is not a line of the table
     * @throws OtherVersion if it is the first line of a table of another version
     */
    static Row parse(byte[] utf8) {
        var fields = JsonFields.parse(utf8);
        if (fields.has("removed")) {
            return new Removed(fields.count("removed", 0, ANY, 0));
        }
        if (fields.has("handed-out")) {
            return new Shared(
                    fields.count("handed-out", 0, ANY, 0), fields.count("object", 0, ANY, 0));
        }
        if (fields.has("advanced")) {
            return new Advanced(
                    fields.count("advanced", 0, ANY, 0),
                    fields.count("object", 0, ANY, 0),
                    fields.count("advance", 0, ANY, 0));
        }
        if (fields.has("leased")) {
            return leased(fields);
        }
        if (fields.has("lease-ended")) {
            return new LeaseEnded(fields.text("lease-ended").orElse(""));
        }
        if (fields.has("id")) {
            return entered(fields);
        }
        if (fields.has("key")) {
            return new Key(answer(fields));
        }
        if (!fields.has("eventfdd")) {
            throw new ProblemException(ProblemType.INVALID_REQUEST, "a line of an unknown kind");
        }
        long version = fields.count("eventfdd", 0, ANY, 0);
        if (version != VERSION) {
            throw new OtherVersion(version);
        }
        return new Head(fields.bool("stopped", false), fields.text("keys").orElse(""));
    }

    private static Entered entered(JsonFields fields) {
        var returning = new ArrayList<Long>();
        for (var value : fields.texts("returning")) {
            returning.add(Long.parseUnsignedLong(value));
        }
        var identity =
                new Identity(
                        fields.name("name"),
                        SpecFields.from(fields),
                        new Owner(
                                (int) fields.count("uid", 0, ANY, 0),
                                (int) fields.count("gid", 0, ANY, 0)),
                        fields.time("created").orElseThrow(() -> fields.missing("created")));
        return new Entered(
                fields.count("id", 0, ANY, 0),
                identity,
                fields.bool("shared", true),
                fields.count("count", 0, ANY, 0),
                returning,
                former(fields));
    }

    private static Former former(JsonFields fields) {
        var advances = new LinkedHashMap<Long, Long>();
        fields.integers("objects").forEach(object -> advances.put(object, 0L));
        fields.fields("advances")
                .ifPresent(known ->
                        advances.replaceAll(
                                (object, none) -> known.count(Long.toString(object), 0, ANY, 0)));
        return new Former(advances);
    }

    private static Leased leased(JsonFields fields) {
        var state = LeaseState.from(fields.fields("leased").orElseThrow());
        var ids = fields.integers("eventfds");
        if (ids.size() != Leased.shares(state).size()) {
            throw new ProblemException(
                    ProblemType.INVALID_VALUE, "the eventfds are not those of the lease");
        }
        try {
            var lease =
                    new KeptLease(
                            state,
                            fields.count("process", 0, ANY, 0),
                            Duration.parse(fields.text("term").orElse("")),
                            Long.parseLong(fields.text("until").orElse("")),
                            Set.of());
            return new Leased(lease, List.copyOf(ids), fields.text("boot").orElse(""));
        } catch (DateTimeException e) {
            throw new ProblemException(ProblemType.INVALID_VALUE, "term is not a duration");
        }
    }

    private static KeptAnswer answer(JsonFields fields) {
        var taken = new ArrayList<KeptAnswer.Taken>();
        for (var element : fields.array("taken")) {
            var one = JsonFields.of("taken.", element);
            taken.add(new KeptAnswer.Taken(one.name("name"), one.count("value", 1, ANY, 1)));
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
     * The rest of a key's life. Older daemons wrote the date of its end, which means nothing if the
     * clock was set since; such a key lives as long as a new one.
     */
    private static Duration life(JsonFields fields) {
        var life = fields.text("life");
        if (life.isEmpty()) {
            var _ = fields.time("lapses").orElseThrow(() -> fields.missing("lapses"));
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
        throw new ProblemException(ProblemType.INVALID_VALUE, "life is not a duration");
    }
}
