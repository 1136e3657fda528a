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

/**
 * Takes the count of an eventfd and publishes it as one message, again and again. The last message
 * of its subject is its ledger: the message's number says which read comes next. For the thread of
 * the link.
 *
 * <ol>
 *   <li>It reads the eventfd with a key that follows from the number of the next message.
 *   <li>It publishes the value under an id that follows from the same number, until that is stored.
 *       Meanwhile it makes the next read, but it publishes one message at a time.
 *   <li>It tells the daemon, with a later read, that the key is done.
 * </ol>
 *
 * A bridge that was killed between the first two steps reads with the same key, and gets the same
 * value. At most two values are on the way: one is published, and one was read after it.
 */
final class Exporter implements LinkTask {
    /** How many reads an earlier run may have made behind its last message. */
    private static final int MOST_TAKEN = 2;

    private final Link.Export link;
    private final String host;
    private final long created;
    private final LinkedEventfd eventfd;
    private final Ledger ledger;
    private final LinkStatus status;

    /** What has to be published again, so that the link's thread can go on reading. */
    private final ExecutorService repeats =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("eventfdd-repeats").factory());

    /** Completes when the last message that was published is stored. */
    private CompletableFuture<Void> stored = CompletableFuture.completedFuture(null);

    /** The key of the read whose value that message has; empty before the first one. */
    private String takenFor = "";

    /** The daemon of an earlier run, by its last message; empty if there was no such run. */
    private Optional<String> takenFrom = Optional.empty();

    /** How many of the next reads that run may have made. */
    private int unclear;

    /**
     * Creates an exporter that has not looked at its ledger.
     *
     * @param created when the stream was created, which distinguishes it from earlier streams
     */
    Exporter(
            Link.Export link,
            String host,
            long created,
            LinkedEventfd eventfd,
            Ledger ledger,
            LinkStatus status) {
        this.link = link;
        this.host = host;
        this.created = created;
        this.eventfd = eventfd;
        this.ledger = ledger;
        this.status = status;
    }

    @Override
    public void run() throws InterruptedException, SecondWriterException {
        eventfd.prepare();
        long first = 1;
        var last = ledger.open();
        if (last.isPresent()) {
            takenFrom = last.map(Entry::keys);
            unclear = MOST_TAKEN;
            first = last.get().number() + 1;
            var id = last.get().id();
            if (id != null) {
                eventfd.done(List.of(Names.readKey(id)));
            }
        }
        status.started();
        first = moveOne(first);
        try {
            move(first);
        } catch (InterruptedException e) {
            if (stored.isCompletedExceptionally()) {
                awaitStored();
            }
            throw e;
        }
    }

    /**
     * Moves the first message of this run. An earlier run may have had a message of this number on
     * its way, with a value that only a daemon knew which was killed since. If the network delivers
     * it only now, this one comes behind it.
     *
     * @return the number of the message that comes next
     */
    private long moveOne(long number) throws InterruptedException, SecondWriterException {
        var key = Names.readKey(id(number));
        long value = take(key);
        boolean known = takenFrom.isEmpty() || takenFrom.get().equals(eventfd.keys());
        long published = number;
        try {
            ledger.append(entry(number, value));
        } catch (SecondWriterException e) {
            if (known) {
                throw e;
            }
            published = ledger.open().map(Entry::number).orElse(0L) + 1;
            ledger.append(entry(published, value));
        }
        status.moved(value);
        eventfd.done(List.of(key));
        return published + 1;
    }

    private long take(String key) throws InterruptedException {
        while (true) {
            var earlier = unclear > 0 ? takenFrom : Optional.<String>empty();
            long value = eventfd.take(key, earlier);
            if (value != 0) {
                unclear = Math.max(0, unclear - 1);
                return value;
            }
            unclear = 0; // The earlier run would have had to wait too.
        }
    }

    private String id(long number) {
        return Names.messageId(host, link.name().value(), created, number);
    }

    private Entry entry(long number, long value) {
        // The read that comes next may be one of an earlier run.
        var keys = unclear > 0 ? takenFrom.orElseThrow() : eventfd.keys();
        return Entry.signals(id(number), number, value, keys);
    }

    private void move(long first) throws InterruptedException, SecondWriterException {
        var self = Thread.currentThread();
        for (long number = first; ; number++) {
            var key = Names.readKey(id(number));
            long value = take(key);
            awaitStored();
            stored = ledger.begin(entry(number, value), repeats).thenRun(() -> status.moved(value));
            var _ =
                    stored.whenComplete((_, failure) -> {
                        if (failure != null) {
                            self.interrupt(); // The next read may wait for long.
                        }
                    });
            takenFor = key;
        }
    }

    /** Waits until the message before is stored; the daemon may then forget its key. */
    private void awaitStored() throws InterruptedException, SecondWriterException {
        try {
            stored.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SecondWriterException other) {
                throw other;
            }
            throw new IllegalStateException(e.getCause());
        }
        if (!takenFor.isEmpty()) {
            eventfd.done(List.of(takenFor));
        }
    }

    @Override
    public void close() {
        repeats.shutdownNow();
        eventfd.close();
    }
}
