package io.eventfdd.bridge.link;

import io.eventfdd.bridge.config.Names;
import io.eventfdd.bridge.daemon.LinkedEventfd;
import io.eventfdd.bridge.nats.Entry;
import io.eventfdd.bridge.nats.Feed;
import io.eventfdd.bridge.nats.Ledger;
import io.eventfdd.bridge.nats.SecondWriterException;
import io.eventfdd.bridge.status.LinkStatus;
import io.eventfdd.bridge.status.Pauses;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Adds the values of messages to an eventfd, in the order of the stream. Its *mark* is its ledger:
 * a message with the highest sequence that was applied. For the thread of the link.
 *
 * <ol>
 *   <li>It receives messages from behind the mark.
 *   <li>It writes the value of each to the eventfd, with a key that follows from the message's id.
 *   <li>After {@link #MOST} messages, or if none is waiting, it publishes a new mark.
 *   <li>It tells the daemon, with the next write, that the keys of these messages are done.
 * </ol>
 *
 * A bridge that was killed between the first three steps gets the messages behind the mark again,
 * and writes them with the same keys, which the daemon knows.
 */
final class Importer implements LinkTask {
    /** How many messages may be applied and not marked, which is how many keys it has. */
    static final int MOST = 64;

    private static final Duration IDLE = Duration.ofMillis(500);
    private static final Duration AT_ONCE = Duration.ofMillis(1);

    private final String stream;
    private final long created;
    private final String consumer;
    private final LinkedEventfd eventfd;
    private final Feed feed;
    private final Ledger marks;
    private final Progress progress;
    private final LinkStatus status;
    private final String writer = UUID.randomUUID().toString();

    /** The keys of the messages that were applied since the last mark. */
    private final Set<String> unmarked = new LinkedHashSet<>();

    /** Whether a mark of this run has superseded one that it had not read. */
    private boolean superseded;

    private long marked;
    private long applied;

    /**
     * If the daemon was killed since the mark: the sequence up to which an earlier run may have
     * applied messages with keys that are lost.
     */
    private long doubtful;

    private int doubts;

    /**
     * Creates an importer that has not looked at its mark.
     *
     * @param stream the stream of the messages
     * @param created when it was created
     * @param progress is told what was applied
     */
    Importer(
            String stream,
            long created,
            String consumer,
            LinkedEventfd eventfd,
            Feed feed,
            Ledger marks,
            Progress progress,
            LinkStatus status) {
        this.stream = stream;
        this.created = created;
        this.consumer = consumer;
        this.eventfd = eventfd;
        this.feed = feed;
        this.marks = marks;
        this.progress = progress;
        this.status = status;
    }

    @Override
    public void run() throws InterruptedException, SecondWriterException {
        eventfd.prepare();
        var mark = marks.open();
        marked = mark.map(last -> last.applied(created)).orElse(0L);
        applied = marked;
        if (mark.isPresent() && !mark.get().keys().equals(eventfd.keys())) {
            doubtful = feed.newest();
        }
        progress.advanceTo(applied);
        status.started();
        var pauses = new Pauses();
        while (true) {
            if (feed.hasToStart()) {
                // Not behind what was applied: it is simpler to trust the mark alone, and what was
                // applied since is known by its keys.
                if (feed.startAt(marked + 1)) {
                    pauses = new Pauses();
                } else {
                    pauses.pause();
                }
                continue;
            }
            var next = feed.next(unmarked.isEmpty() ? IDLE : AT_ONCE);
            if (next.isPresent()) {
                apply(next.get());
            } else {
                mark();
            }
        }
    }

    private void apply(Feed.Arrival arrival) throws InterruptedException, SecondWriterException {
        if (arrival.sequence() <= marked) {
            return;
        }
        var id = arrival.entry().id();
        var value = arrival.entry().value();
        if (id == null || value.isEmpty()) {
            status.foreign(
                    "message " + arrival.sequence() + " of " + stream + ", " + arrival.entry());
        } else {
            var key = Names.writeKey(stream, consumer, id);
            if (!unmarked.contains(key)) {
                noteDoubt(arrival.sequence(), value.getAsLong());
                while (!eventfd.add(value.getAsLong(), key)) {
                    // This may take long, so the keys of the others must not be needed any more.
                    mark();
                }
                unmarked.add(key);
                status.moved(value.getAsLong());
            }
        }
        applied = Math.max(applied, arrival.sequence());
        progress.advanceTo(applied);
        status.lags(arrival.waiting());
        if (unmarked.size() >= MOST) {
            mark();
        }
    }

    private void noteDoubt(long sequence, long value) {
        if (sequence > doubtful || doubts == MOST) {
            return; // No run applies more behind its mark.
        }
        doubts++;
        status.inDoubt(
                "the daemon was killed since the last mark: "
                        + eventfd.write(value)
                        + " may be counted twice");
    }

    private void mark() throws InterruptedException, SecondWriterException {
        if (applied == marked) {
            return;
        }
        publishMark();
        marked = applied;
        eventfd.done(List.copyOf(unmarked));
        unmarked.clear();
    }

    private void publishMark() throws InterruptedException, SecondWriterException {
        var mark = Entry.mark(applied, created, writer, eventfd.keys());
        try {
            marks.append(mark);
        } catch (SecondWriterException e) {
            if (superseded) {
                throw e;
            }
            // Once, this may be the mark that an earlier run had on its way when it was killed: the
            // network can deliver it after this run has read the one before it.
            superseded = true;
            marks.open();
            marks.append(mark);
        }
    }

    @Override
    public void close() {
        feed.close();
        eventfd.close();
    }
}
