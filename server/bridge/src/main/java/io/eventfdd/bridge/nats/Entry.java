package io.eventfdd.bridge.nats;

import io.eventfdd.client.Count;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.ProblemException;
import io.nats.client.api.MessageInfo;
import io.nats.client.impl.Headers;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * What a bridge publishes: signals, the mark of an importer, the beginning of an exporter, or that
 * the bridge is there.
 *
 * @param id of the message; null if it is not about signals
 * @param number of the message among those of its exporter; 0 for others
 * @param read the number of the read that has taken its signals, likewise
 * @param left how many signals of that read come after it, unsigned
 * @param keys the daemon that knows the keys of the calls before this message; empty for others
 */
@SuppressWarnings("ArrayRecordComponent") // isSameAs compares
public record Entry(
        @Nullable String id, long number, long read, long left, String keys, byte[] body) {
    private static final String ID = "Nats-Msg-Id";
    private static final String NUMBER = "Eventfdd-Seq";
    private static final String READ = "Eventfdd-Read";
    private static final String LEFT = "Eventfdd-Left";
    private static final String KEYS = "Eventfdd-Keys";

    /**
     * Message {@code number} of an exporter.
     *
     * @param read the number of the read that has taken the signals
     * @param value an unsigned number of signals
     * @param left how many signals of that read come after it, unsigned
     * @param keys of the daemon that they were taken from
     */
    public static Entry signals(
            String id, long number, long read, long value, long left, String keys) {
        var json = Json.object();
        Json.putCount(json, "value", value);
        return new Entry(id, number, read, left, keys, Json.bytes(json));
    }

    /** An entry that is not about signals. */
    private static Entry other(String keys, JsonObject json) {
        return new Entry(null, 0, 0, 0, keys, Json.bytes(json));
    }

    /**
     * The mark of an importer that has applied all messages up to {@code sequence}. The write that
     * applies the last of them together may still be to come.
     *
     * @param adding what that write adds, an unsigned number of signals; 0 if there is none
     * @param created when the stream was created: in another stream, the sequence means nothing
     * @param writer distinguishes this run of the importer from all others
     * @param keys of the daemon that they were applied at
     */
    public static Entry mark(long sequence, long adding, long created, String writer, String keys) {
        var json =
                Json.object()
                        .put("applied", sequence)
                        .put("created", created)
                        .put("writer", writer);
        if (adding != 0) {
            Json.putCount(json, "adding", adding);
        }
        return other(keys, json);
    }

    /**
     * Says that an exporter, which has published no signals yet, begins to take some.
     *
     * @param created when the stream was created
     * @param keys of the daemon that it takes them from
     */
    public static Entry beginning(long created, String keys) {
        return other(keys, Json.object().put("created", created));
    }

    /**
     * Says that a bridge is there. Times are milliseconds since the epoch, by the clock of its
     * host.
     *
     * @param at now
     * @param unsettled the links that have calls which are not in their ledgers, and since when
     * @param writer distinguishes this run of the bridge from all others
     */
    public static Entry presence(long at, Map<String, Long> unsettled, String writer) {
        var json = Json.object().put("at", at).put("writer", writer);
        if (!unsettled.isEmpty()) {
            var links = json.putObject("unsettled");
            unsettled.forEach(links::put);
        }
        return other("", json);
    }

    static Entry of(MessageInfo info) {
        return of(info.getHeaders(), info.getData());
    }

    /** The entry in a message; what no bridge can have published has no id. */
    static Entry of(@Nullable Headers headers, byte @Nullable [] body) {
        var sent = headers == null ? new Headers() : headers;
        long number = number(sent, NUMBER, 0);
        var keys = sent.getFirst(KEYS);
        return new Entry(
                sent.getFirst(ID),
                number,
                number(sent, READ, number),
                number(sent, LEFT, 0),
                keys == null ? "" : keys,
                body == null ? new byte[0] : body);
    }

    private static long number(Headers headers, String name, long otherwise) {
        var text = headers.getFirst(name);
        try {
            return text == null ? otherwise : Long.parseUnsignedLong(text);
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    Headers headers() {
        var headers = new Headers();
        if (number != 0) {
            headers.add(NUMBER, Long.toString(number));
        }
        if (read != number) {
            headers.add(READ, Long.toString(read));
        }
        if (left != 0) {
            headers.add(LEFT, Count.toString(left));
        }
        if (!keys.isEmpty()) {
            headers.add(KEYS, keys);
        }
        return headers;
    }

    /** The same with another id. */
    public Entry withId(String other) {
        return new Entry(other, number, read, left, keys, body);
    }

    /** Whether {@code other} is this one, published earlier. */
    boolean isSameAs(Entry other) {
        return Objects.equals(id, other.id)
                && read == other.read
                && left == other.left
                && Arrays.equals(body, other.body);
    }

    /** The unsigned number of signals; empty if this has none. */
    public OptionalLong value() {
        long value = number("value", Count.MAX);
        return value == 0 ? OptionalLong.empty() : OptionalLong.of(value);
    }

    /** Whether this is a mark or a beginning in the stream that was created at {@code created}. */
    public boolean isOf(long created) {
        return number("created", Long.MAX_VALUE) == created;
    }

    /** The sequence up to which an importer has applied all messages of the mark's stream. */
    public long applied() {
        return number("applied", Long.MAX_VALUE);
    }

    /**
     * What the last write before this mark adds, which may still be to come; 0 if there is none.
     */
    public long adding() {
        return number("adding", Count.MAX);
    }

    /** When a bridge was there, in milliseconds since the epoch; 0 if this does not say so. */
    public long presentAt() {
        return number("at", Long.MAX_VALUE);
    }

    /** Until when a link had nothing unsettled, in the same time. */
    public long settledAt(String link) {
        try {
            var unsettled = JsonFields.parse(body).fields("unsettled");
            long since = unsettled.map(links -> links.count(link, 1, Long.MAX_VALUE, 0)).orElse(0L);
            return since == 0 ? presentAt() : since;
        } catch (ProblemException e) {
            return 0;
        }
    }

    private long number(String field, long most) {
        try {
            return JsonFields.parse(body).count(field, 1, most, 0);
        } catch (ProblemException e) {
            return 0;
        }
    }

    @Override
    public String toString() {
        return (id == null ? "without an id" : id) + " " + new String(body, StandardCharsets.UTF_8);
    }
}
