package io.eventfdd.bridge.link;

import io.eventfdd.bridge.config.Link;
import io.eventfdd.bridge.config.Names;
import io.eventfdd.bridge.daemon.LinkedEventfd;
import io.eventfdd.bridge.nats.Entry;
import io.eventfdd.bridge.nats.Ledger;
import io.eventfdd.bridge.nats.SecondWriterException;
import io.eventfdd.bridge.status.LinkStatus;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Takes the count of an eventfd and publishes it, again and again: as one message, or as several if
 * the link says how many signals one may carry. The last message of its subject is its ledger: it
 * says which read its signals are of, how many of them are left, and so which read comes next. For
 * the thread of the link.
 *
 * <ol>
 *   <li>It reads the eventfd with a key that follows from the number of the read.
 *   <li>It publishes the value, each message under an id that follows from the message's number,
 *       until that is stored. While it publishes the only message of a read, it makes the next
 *       read.
 *   <li>It tells the daemon, with a later read, that the key is done.
 * </ol>
 *
 * A bridge that was killed between the first two steps reads with the same key, and gets the same
 * value. If its daemon was killed as well, that read is in doubt; so a message names the daemon,
 * and before the first message another entry does. A bridge that was killed between two messages of
 * a read finds in the first of them how many signals are left. At most two values are on the way:
 * one is published, and one was read after it.
 */
final class Exporter implements LinkTask {
    /** How many reads an earlier run may have made behind its last message. */
    private static final int MOST_TAKEN = 2;

    private final Link.Export link;
    private final String host;
    private final long created;
    private final LinkedEventfd eventfd;
    private final Ledger ledger;
    private final Ledger beginning;
    private final LinkStatus status;

    /** What has to be published again, so that the link's thread can go on reading. */
    private final ExecutorService repeats =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("eventfdd-repeats").factory());

    /** The number of the last message that was published. */
    private long number;

    /** The number of the last read whose value was published, or is being published. */
    private long read;

    /** How many signals of that read are in no message yet, an unsigned number. */
    private long left;

    /** The daemon that these messages name. */
    private String keys = "";

    /** When the last read was asked for, by System.nanoTime. */
    private long asked;

    /** Completes when the last message is stored that is not waited for at once. */
    private CompletableFuture<Void> stored = CompletableFuture.completedFuture(null);

    /** The daemon of an earlier run, by what it published last; empty if there was no such run. */
    private Optional<String> takenFrom = Optional.empty();

    /** How many of the next reads that run may have made. */
    private int unclear;

    /**
     * Creates an exporter that has not looked at its ledger.
     *
     * @param created when the stream was created, which distinguishes it from earlier streams
     * @param beginning says what the ledger does not say before the first message
     */
    Exporter(
            Link.Export link,
            String host,
            long created,
            LinkedEventfd eventfd,
            Ledger ledger,
            Ledger beginning,
            LinkStatus status) {
        this.link = link;
        this.host = host;
        this.created = created;
        this.eventfd = eventfd;
        this.ledger = ledger;
        this.beginning = beginning;
        this.status = status;
    }

    @Override
    public void run() throws InterruptedException, SecondWriterException {
        var last = ledger.open();
        last.ifPresent(this::goOnBehind);
        takenFrom =
                (last.isPresent() ? last : beginning.open().filter(entry -> entry.isOf(created)))
                        .map(Entry::keys);
        if (takenFrom.isPresent()) {
            // A read that is divided is not over. The one behind it was made only if a run before
            // had no such limit and was killed with both of them on the way.
            unclear = left == 0 ? MOST_TAKEN : MOST_TAKEN - 1;
            status.unsettled();
        }
        settle();
        eventfd.prepare();
        if (takenFrom.isEmpty()) {
            beginning.append(Entry.beginning(created, eventfd.keys()));
        }
        status.started();
        moveFirst();
        try {
            while (true) {
                moveNext();
            }
        } catch (InterruptedException e) {
            if (stored.isCompletedExceptionally()) {
                awaitStored();
            }
            throw e;
        }
    }

    private void goOnBehind(Entry entry) {
        number = entry.number();
        read = entry.read();
        left = entry.left();
        keys = entry.keys();
    }

    /**
     * Moves what an earlier run has left of its last read, or else the first value of this run. The
     * earlier run may have had one more message on its way, which the network delivers only now. It
     * is of the same read, so what is left comes behind it. If only a daemon knew its value which
     * was killed since, the value of this run is another one, and comes behind both.
     */
    private void moveFirst() throws InterruptedException, SecondWriterException {
        boolean wasBegun = left != 0;
        if (!wasBegun) {
            beginRead(take());
        }
        long value = left;
        try {
            append(next());
        } catch (SecondWriterException e) {
            var late = ledger.open().filter(entry -> entry.read() == read).orElseThrow(() -> e);
            goOnBehind(late);
            boolean isAnother = !wasBegun && late.value().orElse(0) + left != value;
            if (isAnother) {
                if (takenFrom.isEmpty() || takenFrom.get().equals(eventfd.keys())) {
                    throw e;
                }
                appendLeft();
                left = value;
                append(next());
            }
        }
        settle();
        appendLeft();
    }

    private void moveNext() throws InterruptedException, SecondWriterException {
        boolean mayBeOfEarlierRun = unclear > 0;
        long value = take();
        awaitStored();
        if (!mayBeOfEarlierRun) {
            status.unsettledSince(asked);
        }
        beginRead(value);
        var entry = next();
        if (left == 0) {
            begin(entry);
        } else {
            // This may take long, so that the key of another read could lapse meanwhile.
            append(entry);
            settle();
            appendLeft();
        }
    }

    /** Publishes the only message of a read, and does not wait. */
    private void begin(Entry entry) {
        var self = Thread.currentThread();
        stored = ledger.begin(entry, repeats).thenRun(() -> noteMoved(entry));
        var _ =
                stored.whenComplete((_, failure) -> {
                    if (failure != null) {
                        self.interrupt(); // The next read may wait for long.
                    }
                });
    }

    private long take() throws InterruptedException {
        var key = readKey(read + 1);
        while (true) {
            var earlier = unclear > 0 ? takenFrom : Optional.<String>empty();
            asked = System.nanoTime();
            long value = eventfd.take(key, earlier);
            if (value != 0) {
                status.unsettled();
                unclear = Math.max(0, unclear - 1);
                return value;
            }
            // At the same daemon, the earlier run would have had to wait too.
            unclear = takenFrom.equals(Optional.of(eventfd.keys())) ? 0 : Math.max(0, unclear - 1);
            settle();
        }
    }

    /** Notes that no value is left that only the daemon has, of this run or an earlier one. */
    private void settle() {
        if (unclear == 0 && stored.state() == Future.State.SUCCESS) {
            status.settled();
        }
    }

    /** Waits until the last message is stored. */
    private void awaitStored() throws InterruptedException, SecondWriterException {
        try {
            stored.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SecondWriterException other) {
                throw other;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Begins to publish the value of the next read; the daemon may forget the last one. */
    private void beginRead(long value) {
        if (read != 0) {
            eventfd.done(List.of(readKey(read)));
        }
        read++;
        left = value;
        // The read that comes next may be one of an earlier run.
        keys = unclear > 0 ? takenFrom.orElseThrow() : eventfd.keys();
    }

    private String readKey(long read) {
        return Names.readKey(id(read));
    }

    private String id(long number) {
        return Names.messageId(link.subject(), host, link.name().value(), created, number);
    }

    /** The next message of the last read. */
    private Entry next() {
        long value = Long.compareUnsigned(left, link.max()) < 0 ? left : link.max();
        number++;
        left -= value;
        return Entry.signals(id(number), number, read, value, left, keys);
    }

    private void appendLeft() throws InterruptedException, SecondWriterException {
        while (left != 0) {
            append(next());
        }
    }

    private void append(Entry entry) throws InterruptedException, SecondWriterException {
        ledger.append(entry);
        noteMoved(entry);
    }

    private void noteMoved(Entry entry) {
        status.moved(entry.value().orElse(0));
    }

    @Override
    public void close() {
        repeats.shutdownNow();
        eventfd.close();
    }
}
