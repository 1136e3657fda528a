package io.eventfdd.internal.wire;

import io.eventfdd.client.ProblemType;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** The table of requests on {@code fd.sock}: the values of the field {@code op}. */
public enum Op {
    /**
     * Asks for descriptors of eventfds, which are created if the request says so: {@link
     * OpenRequest}.
     */
    OPEN("open"),
    /** Brings descriptors back, which come with the packet: {@link DonateRequest}. */
    DONATE("donate"),
    /** Takes a lease: {@link LeaseRequest}. */
    LEASE("lease"),
    /** Ends a lease: its permits go back. */
    RELEASE("release"),
    /** Ends a lease: its permits stay taken. */
    COMMIT("commit"),
    /** Starts the time of a lease again, or gives it another holder. */
    RENEW("renew"),
    /** Binds a lease to this connection that another one held before a restart. */
    RESUME("resume"),
    /** Another daemon asks to take over. */
    TAKEOVER("takeover");

    private static final String FIELD = "op";

    private static final Map<String, Op> BY_WORD =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Op::word, op -> op));

    private final String word;

    Op(String word) {
        this.word = word;
    }

    /** The word in the packet, in the log and in the metrics. */
    public String word() {
        return word;
    }

    /** A JSON object with this {@code op}. */
    public JsonObject request() {
        return Json.object().put(FIELD, word());
    }

    /**
     * The request that a packet makes.
     *
     * @throws ProblemException {@code invalid-request} if it is not in the table
     */
    public static Op of(JsonFields fields) {
        var word = fields.text(FIELD).orElseThrow(() -> fields.missing(FIELD));
        var op = BY_WORD.get(word);
        if (op == null) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST, "op: '" + Shown.of(word) + "' is not " + words());
        }
        return op;
    }

    /**
     * Refuses a packet with another {@code op}.
     *
     * @throws ProblemException {@code invalid-request}
     */
    void check(JsonFields fields) {
        var op = of(fields);
        if (op != this) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST, "op: '" + op.word() + "' is not " + word());
        }
    }

    private static String words() {
        return Arrays.stream(values()).map(Op::word).collect(Collectors.joining(", "));
    }
}
