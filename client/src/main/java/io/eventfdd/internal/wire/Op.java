package io.eventfdd.internal.wire;

import io.eventfdd.client.ProblemException;
import io.eventfdd.client.ProblemType;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The table of what a packet on {@code fd.sock} can ask: its field {@code op}. */
public enum Op {
    /** Descriptors of eventfds, which are made where that is asked: {@link OpenRequest}. */
    OPEN,
    /** Brings descriptors back, which come with the packet: {@link DonateRequest}. */
    DONATE,
    /** Takes a lease: {@link LeaseRequest}. */
    LEASE,
    /** Ends a lease: what it took goes back. */
    RELEASE,
    /** Ends a lease: what it took stays taken. */
    COMMIT,
    /** Counts the time of a lease from now, or gives it another holder. */
    RENEW,
    /** Binds a lease to this connection that another one held before a restart. */
    RESUME,
    /** Another daemon asks for everything. */
    TAKEOVER;

    private static final String FIELD = "op";

    /** The word in the packet, in the log and in the metrics. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** An object that asks for this. */
    public JsonObject request() {
        return Json.object().put(FIELD, word());
    }

    /**
     * What the packet asks.
     *
     * @throws ProblemException {@code invalid-request} if that is in no row of the table
     */
    public static Op of(JsonFields fields) {
        var word = fields.text(FIELD).orElseThrow(() -> fields.missing(FIELD));
        return Arrays.stream(values())
                .filter(op -> op.word().equals(word))
                .findFirst()
                .orElseThrow(() ->
                        ProblemType.INVALID_REQUEST.exception(
                                "op: '" + Shown.of(word) + "' is not " + words()));
    }

    /**
     * Refuses a packet that asks something else.
     *
     * @throws ProblemException {@code invalid-request}
     */
    void check(JsonFields fields) {
        var op = of(fields);
        if (op != this) {
            throw ProblemType.INVALID_REQUEST.exception("op: '" + op.word() + "' is not " + word());
        }
    }

    private static String words() {
        return Arrays.stream(values()).map(Op::word).collect(Collectors.joining(", "));
    }
}
