package io.eventfdd.bridge.nats;

import io.eventfdd.client.Count;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.ProblemException;
import io.nats.client.api.MessageInfo;
import io.nats.client.impl.Headers;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * What a bridge publishes: signals, the mark of an importer, or that the bridge is there.
 *
 * @param id of the message; null if it is not about signals
 * @param number of the message among those of its exporter; 0 for others
 * @param keys the daemon that knows the keys of the calls before this message; empty for others
 */
@SuppressWarnings("ArrayRecordComponent") // isSameAs compares
public record Entry(@Nullable String id, long number, String keys, byte[] body) {
    private static final String ID = "Nats-Msg-Id";
    private static final String NUMBER = "Eventfdd-Seq";
    private static final String KEYS = "Eventfdd-Keys";

    /**
     * Message {@code number} of an exporter.
     *
     * @param value an unsigned number of signals
     * @param keys of the daemon that they were taken from
     */
    public static Entry signals(String id, long number, long value, String keys) {
        var json = Json.object();
        Json.putCount(json, "value", value);
        return new Entry(id, number, keys, Json.bytes(json));
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
        return new Entry(null, 0, keys, Json.bytes(json));
    }

    /**
     * Says that a bridge is there.
     *
     * @param at milliseconds since the epoch, by the clock of its host
     * @param writer distinguishes this run of the bridge from all others
     */
    public static Entry presence(long at, String writer) {
        var json = Json.object().put("at", at).put("writer", writer);
        return new Entry(null, 0, "", Json.bytes(json));
    }

    static Entry of(MessageInfo info) {
        return of(info.getHeaders(), info.getData());
    }

    /** The entry in a message; what no bridge can have published has no id. */
    static Entry of(@Nullable Headers headers, byte @Nullable [] body) {
        var id = headers == null ? null : headers.getFirst(ID);
        var number = headers == null ? null : headers.getFirst(NUMBER);
        var keys = headers == null ? null : headers.getFirst(KEYS);
        return new Entry(
                id,
                number != null && number.matches("[0-9]{1,18}") ? Long.parseLong(number) : 0,
                keys == null ? "" : keys,
                body == null ? new byte[0] : body);
    }

    Headers headers() {
        var headers = new Headers();
        if (number != 0) {
            headers.add(NUMBER, Long.toString(number));
        }
        if (!keys.isEmpty()) {
            headers.add(KEYS, keys);
        }
        return headers;
    }

    /** The same with another id. */
    public Entry withId(String other) {
        return new Entry(other, number, keys, body);
    }

    /** Whether {@code other} is this one, published earlier. */
    boolean isSameAs(Entry other) {
        return Objects.equals(id, other.id) && Arrays.equals(body, other.body);
    }

    /** The unsigned number of signals; empty if this has none. */
    public OptionalLong value() {
        long value = number("value", Count.MAX);
        return value == 0 ? OptionalLong.empty() : OptionalLong.of(value);
    }

    /** Whether this is a mark in the stream that was created at {@code created}. */
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
