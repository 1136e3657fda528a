package io.eventfdd.bridge.status;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.stream.Stream;

/**
 * How one link does. The threads of the link change it, and any thread may look. It logs a trouble
 * once when it begins and once when all troubles are over, however often the link tries.
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

    /**
     * One of the things that a link depends on, such as its eventfd or its ledger. Each has its own
     * troubles: a link moves signals only if none of its parts has any. For one thread at a time.
     */
    public final class Part {
        /** What is wrong; empty if nothing is. */
        private volatile String trouble = "";

        private Part() {}

        /** Notes that nothing is wrong with this part. */
        public void running() {
            if (!trouble.isEmpty()) {
                trouble = "";
                if (reason().isEmpty()) {
                    LOGGER.log(Level.INFO, "{0}: running again", link);
                }
            }
        }

        /** Notes that the link tries again because of {@code reason}. */
        public void troubled(String reason) {
            if (!trouble.equals(reason)) {
                trouble = reason;
                LOGGER.log(Level.WARNING, "{0}: {1}", link, reason);
            }
        }
    }

    private static final Logger LOGGER = System.getLogger(LinkStatus.class.getName());

    private final String link;
    private final List<Part> parts = new CopyOnWriteArrayList<>();
    private final AtomicLong messages = new AtomicLong();
    private final DoubleAdder signals = new DoubleAdder();
    private final AtomicLong inDoubt = new AtomicLong();
    private final AtomicLong foreign = new AtomicLong();
    private volatile boolean started;
    private volatile String failure = "";
    private volatile long lag;

    /** Since when there is something that is not settled, by System.nanoTime; 0 if all is. */
    private volatile long unsettledSince;

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

    /** A part of the link, of which nothing is known to be wrong. */
    public Part part() {
        var part = new Part();
        parts.add(part);
        return part;
    }

    /** Its condition at this moment. */
    public Condition condition() {
        if (!failure.isEmpty()) {
            return Condition.FAILED;
        }
        if (reason().isPresent()) {
            return Condition.TROUBLED;
        }
        return started ? Condition.RUNNING : Condition.STARTING;
    }

    /** Why it is troubled or has failed. */
    public Optional<String> reason() {
        return Stream.concat(Stream.of(failure), parts.stream().map(part -> part.trouble))
                .filter(reason -> !reason.isEmpty())
                .findFirst();
    }

    /** Notes that the link has read its ledger, and begins to move signals. */
    public void started() {
        started = true;
        LOGGER.log(Level.INFO, "{0}: running", link);
    }

    /** Notes that the link has stopped because of {@code reason}. */
    public void failed(String reason) {
        failure = reason;
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

    /**
     * Notes that the daemon has to remember a call, because the ledger of the link does not. For
     * the thread of the link, as the next two.
     */
    public void unsettled() {
        if (unsettledSince == 0) {
            unsettledSince(System.nanoTime());
        }
    }

    /** Notes that it has had to remember one since {@code time}, by System.nanoTime. */
    public void unsettledSince(long time) {
        unsettledSince = time == 0 ? 1 : time;
    }

    /** Notes that the ledger has all. */
    public void settled() {
        unsettledSince = 0;
    }

    /** For how long the daemon has had to remember something. */
    public Duration unsettledFor() {
        long since = unsettledSince;
        return since == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - since);
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
