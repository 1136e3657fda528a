package io.eventfdd.bridge.status;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.DoubleAdder;

/**
 * How one link does. The thread of the link changes it, and any thread may look. It logs a trouble
 * once when it begins and once when it is over, however often the link tries.
 */
public final class LinkStatus {
    /** The conditions of a link. */
    public enum Condition {
        /** The link has not begun to move signals. */
        STARTING,
        /** It moves signals, or there are none. */
        RUNNING,
        /** Something is away or refuses; the link tries again. */
        TROUBLED,
        /** Something is wrong that does not go away by itself; the link has stopped. */
        FAILED
    }

    private record State(Condition condition, String reason) {}

    private static final Logger LOGGER = System.getLogger(LinkStatus.class.getName());

    private final String link;
    private final AtomicReference<State> state =
            new AtomicReference<>(new State(Condition.STARTING, ""));
    private final AtomicLong messages = new AtomicLong();
    private final DoubleAdder signals = new DoubleAdder();
    private final AtomicLong inDoubt = new AtomicLong();
    private final AtomicLong foreign = new AtomicLong();
    private volatile long lag;

    /**
     * Creates the status of a link that starts.
     *
     * @param link the link, as in {@code export orders}
     */
    public LinkStatus(String link) {
        this.link = link;
    }

    /** The link, as in {@code export orders}. */
    public String link() {
        return link;
    }

    /** Its condition at this moment. */
    public Condition condition() {
        return state.get().condition;
    }

    /** Why it is troubled or has failed. */
    public Optional<String> reason() {
        return Optional.of(state.get().reason).filter(reason -> !reason.isEmpty());
    }

    /** Notes that nothing is wrong. */
    public void running() {
        var before = state.getAndSet(new State(Condition.RUNNING, ""));
        if (before.condition == Condition.STARTING) {
            LOGGER.log(Level.INFO, "{0}: running", link);
        } else if (before.condition == Condition.TROUBLED) {
            LOGGER.log(Level.INFO, "{0}: running again", link);
        }
    }

    /** Notes that the link tries again because of {@code reason}. */
    public void troubled(String reason) {
        var before = state.getAndSet(new State(Condition.TROUBLED, reason));
        if (before.condition != Condition.TROUBLED || !before.reason.equals(reason)) {
            LOGGER.log(Level.WARNING, "{0}: {1}", link, reason);
        }
    }

    /** Notes that the link has stopped because of {@code reason}. */
    public void failed(String reason) {
        state.set(new State(Condition.FAILED, reason));
        LOGGER.log(Level.ERROR, "{0}: stopped: {1}", link, reason);
    }

    /** Notes that a message with {@code value}, an unsigned number of signals, was moved. */
    public void moved(long value) {
        messages.incrementAndGet();
        signals.add(unsigned(value));
    }

    private static double unsigned(long value) {
        return value >= 0 ? value : value + 0x1p64;
    }

    /**
     * Notes that a call was under way when the daemon lost its keys, so that nobody can say whether
     * it was carried out.
     *
     * @param what the call, and what is done about it
     */
    public void inDoubt(String what) {
        inDoubt.incrementAndGet();
        LOGGER.log(Level.WARNING, "{0}: in doubt: {1}", link, what);
    }

    /** Notes a message that no bridge can have published; it was left out. */
    public void foreign(String what) {
        foreign.incrementAndGet();
        LOGGER.log(Level.WARNING, "{0}: left out: {1}", link, what);
    }

    /** Notes how many messages wait for this link in the stream. */
    public void lags(long by) {
        lag = by;
    }

    /** How many messages were moved since the start. */
    public long messages() {
        return messages.get();
    }

    /** How many signals were moved since the start. */
    public double signals() {
        return signals.sum();
    }

    /** How many calls were in doubt since the start. */
    public long inDoubt() {
        return inDoubt.get();
    }

    /** How many messages were left out since the start. */
    public long foreign() {
        return foreign.get();
    }

    /** How many messages wait for this link in the stream, as far as it knows. */
    public long lag() {
        return lag;
    }
}
