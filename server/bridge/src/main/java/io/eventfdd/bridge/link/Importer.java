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
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
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
 * and writes them with the same keys, which the daemon knows. If it does not know them, because it
 * was killed as well, these writes are in doubt; so a mark names the daemon, and goes on to name an
 * earlier one until none of these messages is left.
 *
 * <p>If several messages wait, it adds them together: it first publishes a mark with the sequence
 * of the last one and their sum, and then writes the sum, with a key that follows from that
 * sequence. A bridge that was killed meanwhile begins with this write. What an earlier run may have
 * written one by one must not be added together, so the first {@link #MOST} messages never are; and
 * an earlier run that still goes on must not publish such a mark any more, so a run begins with a
 * mark of its own.
 */
final class Importer implements LinkTask {
    /** How many messages may be applied and not marked, which is how many keys it has. */
    static final int MOST = 64;

    /**
     * How many messages have to wait for a mark of their own, which costs as much as a few writes.
     */
    private static final int FEW = 4;

    /** A larger value is added alone: together they might never find room. */
    private static final long LARGE = 1L << 32;

    private static final Duration IDLE = Duration.ofMillis(500);
    private static final Duration SOON = Duration.ofMillis(1);
    private static final Duration AT_ONCE = Duration.ofNanos(1);

    private final String stream;
    private final long created;
    private final String consumer;
    private final LinkedEventfd eventfd;
    private final Feed feed;
    private final Ledger marks;
    private final Progress progress;
    private final LinkStatus status;
    private final String writer = UUID.randomUUID().toString();

    /** The keys that are needed until the next mark: of what was written since the last one. */
    private final Set<String> unmarked = new LinkedHashSet<>();

    private long marked;
    private long applied;

    /** How many more messages an earlier run may have written one by one, if this is above 0. */
    private int unclear = MOST;

    /** The sequence of the last message that an earlier run can have written. */
    private long written;

    /** The daemon that it has written to, by its last mark. */
    private String writtenTo = "";

    /**
     * A message of the stream.
     *
     * @param key of its write
     * @param value the unsigned number of its signals; 0 if no bridge has published it
     */
    private record Message(Feed.Arrival arrival, String key, long value) {
        long sequence() {
            return arrival.sequence();
        }
    }

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
        if (isMarked()) {
            status.settled();
        } else {
            status.unsettled();
        }
        eventfd.prepare();
        var mark = takeOver();
        marked = mark.applied();
        applied = marked;
        writtenTo = mark.keys();
        written = feed.newest();
        long adding = mark.adding();
        if (adding != 0) {
            addTogether(adding, Optional.of(writtenTo));
        }
        settle();
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
            var next = feed.next(unmarked.isEmpty() ? IDLE : SOON);
            if (next.isEmpty()) {
                mark();
            } else if (unclear > 0) {
                apply(message(next.get()));
            } else {
                applyAll(waitingBehind(message(next.get())));
            }
        }
    }

    /** Whether the mark has all that an earlier run can have written. */
    private boolean isMarked() throws InterruptedException {
        var last = marks.open().filter(mark -> mark.isOf(created));
        if (last.isEmpty()) {
            return true; // Each run publishes a mark first.
        }
        return last.get().adding() == 0 && last.get().applied() >= feed.newest();
    }

    /** Makes the ledger that of this run. Its last mark stays what it is in all other respects. */
    private Entry takeOver() throws InterruptedException, SecondWriterException {
        var mark = lastMark();
        try {
            marks.append(mark);
        } catch (SecondWriterException e) {
            // Once, this may be what an earlier run had on its way when it was killed: the network
            // can deliver it after this run has read the one before it.
            mark = lastMark();
            marks.append(mark);
        }
        return mark;
    }

    private Entry lastMark() throws InterruptedException {
        var last = marks.open().filter(mark -> mark.isOf(created));
        return Entry.mark(
                last.map(Entry::applied).orElse(0L),
                last.map(Entry::adding).orElse(0L),
                created,
                writer,
                last.map(Entry::keys).orElse(eventfd.keys()));
    }

    private Message message(Feed.Arrival arrival) {
        var id = arrival.entry().id();
        return id == null
                ? new Message(arrival, "", 0)
                : new Message(
                        arrival,
                        Names.writeKey(stream, consumer, id),
                        arrival.entry().value().orElse(0));
    }

    private List<Message> waitingBehind(Message first) throws InterruptedException {
        var messages = new ArrayList<Message>();
        var next = Optional.of(first);
        while (next.isPresent()) {
            messages.add(next.get());
            next =
                    messages.size() < MOST
                            ? feed.next(AT_ONCE).map(this::message)
                            : Optional.empty();
        }
        return messages;
    }

    private void applyAll(List<Message> messages)
            throws InterruptedException, SecondWriterException {
        if (messages.size() >= FEW && messages.stream().allMatch(this::canBeAddedTogether)) {
            applyTogether(messages);
        } else {
            for (var message : messages) {
                apply(message);
            }
        }
    }

    private boolean canBeAddedTogether(Message message) {
        return message.sequence() > applied
                && message.value() > 0
                && message.value() < LARGE
                && !unmarked.contains(message.key());
    }

    private void applyTogether(List<Message> messages)
            throws InterruptedException, SecondWriterException {
        long sum = messages.stream().mapToLong(Message::value).sum();
        applied = messages.getLast().sequence();
        publishMark(sum);
        addTogether(sum, Optional.empty());
        progress.advanceTo(applied);
        for (var message : messages) {
            status.moved(message.value());
        }
        status.lags(messages.getLast().arrival().waiting());
    }

    /** Makes the write that the last mark has announced. */
    private void addTogether(long sum, Optional<String> earlier) throws InterruptedException {
        var key = Names.batchKey(stream, consumer, created, marked);
        unmarked.add(key);
        status.unsettled();
        boolean added = eventfd.add(sum, key, earlier);
        while (!added) {
            status.unsettledSince(System.nanoTime());
            added = eventfd.add(sum, key, Optional.empty());
        }
    }

    private void apply(Message message) throws InterruptedException, SecondWriterException {
        if (message.sequence() <= marked) {
            return;
        }
        if (message.value() == 0) {
            status.foreign(
                    "message %d of %s, %s"
                            .formatted(message.sequence(), stream, message.arrival().entry()));
        } else if (!unmarked.contains(message.key())) {
            status.unsettled();
            var earlier = earlier(message.sequence());
            while (!eventfd.add(message.value(), message.key(), earlier)) {
                if (writtenTo.equals(eventfd.keys())) {
                    unclear = 0; // The earlier run had no room either.
                }
                // This may take long, so the keys of the others must not be needed any more.
                mark();
                settle();
                earlier = Optional.empty();
                status.unsettled();
            }
            unmarked.add(message.key());
            unclear--;
            status.moved(message.value());
        }
        applied = Math.max(applied, message.sequence());
        progress.advanceTo(applied);
        status.lags(message.arrival().waiting());
        if (unmarked.size() >= MOST) {
            mark();
        }
    }

    /** The daemon to which an earlier run may have written the message, if there is one. */
    private Optional<String> earlier(long sequence) {
        return unclear > 0 && sequence <= written ? Optional.of(writtenTo) : Optional.empty();
    }

    private void mark() throws InterruptedException, SecondWriterException {
        if (applied != marked || !unmarked.isEmpty()) {
            publishMark(0);
        }
    }

    /**
     * Publishes that all messages up to {@link #applied} are applied.
     *
     * @param adding what the write that comes next adds for the last of them; 0 if there is none
     */
    private void publishMark(long adding) throws InterruptedException, SecondWriterException {
        // What comes next may still be a message of an earlier run.
        var keys = earlier(applied + 1).orElse(eventfd.keys());
        marks.append(Entry.mark(applied, adding, created, writer, keys));
        marked = applied;
        eventfd.done(List.copyOf(unmarked));
        unmarked.clear();
        settle();
    }

    /** Notes that the mark has all that this run and earlier ones have written. */
    private void settle() {
        if (unmarked.isEmpty() && earlier(applied + 1).isEmpty()) {
            status.settled();
        }
    }

    @Override
    public void close() {
        feed.close();
        eventfd.close();
    }
}
