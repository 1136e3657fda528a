package io.eventfdd.bridge.link;

import io.eventfdd.bridge.nats.Entry;
import io.eventfdd.bridge.nats.Ledger;
import io.eventfdd.bridge.nats.SecondWriterException;
import io.eventfdd.bridge.status.Absences;
import io.eventfdd.bridge.status.LinkStatus;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Publishes every few seconds that the bridge is there, so that it knows after an absence how long
 * that was, and since when links have had something unsettled, so that the next run knows how old
 * that is. For a thread of its own.
 */
final class Presence implements LinkTask {
    private static final Duration PERIOD = Duration.ofSeconds(10);

    private final String stream;
    private final Ledger ledger;
    private final Absences absences;
    private final InstantSource clock;
    private final String writer = UUID.randomUUID().toString();

    /** The links of the stream. Complete before {@link #run}. */
    private final List<LinkStatus> links = new ArrayList<>();

    /** What an earlier run has published last. */
    private Optional<Entry> last = Optional.empty();

    /**
     * Creates a presence that has not looked at its ledger.
     *
     * @param ledger of its own subject
     * @param clock of the host, which goes on while the bridge is away
     */
    Presence(String stream, Ledger ledger, Absences absences, InstantSource clock) {
        this.stream = stream;
        this.ledger = ledger;
        this.absences = absences;
        this.clock = clock;
    }

    /** Looks at the ledger. Before {@link #run}, by any thread. */
    void open() throws InterruptedException {
        last = ledger.open();
    }

    /**
     * Has it tell of a link, and tells the link since when an earlier run may have left something.
     * After {@link #open} and before {@link #run}, by any thread.
     */
    void add(LinkStatus link) {
        links.add(link);
        long at = last.map(entry -> entry.settledAt(link.link())).orElse(0L);
        if (at != 0) {
            long age = Math.max(0, clock.millis() - at);
            link.unsettledSince(System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(age));
        }
    }

    @Override
    public void run() throws InterruptedException {
        long before = last.map(Entry::presentAt).orElse(0L);
        while (true) {
            publish();
            long now = clock.millis();
            if (before != 0) {
                absences.add(stream, Duration.ofMillis(now - before));
            }
            before = now;
            Thread.sleep(PERIOD);
        }
    }

    private void publish() throws InterruptedException {
        while (true) {
            try {
                long now = clock.millis();
                ledger.append(Entry.presence(now, unsettled(now), writer));
                return;
            } catch (SecondWriterException e) {
                // An earlier run had this on its way when it was killed. If it is another bridge of
                // the same name, its links find that out.
                ledger.open();
            }
        }
    }

    /** The links that have calls which are not in their ledgers, and since when. */
    private Map<String, Long> unsettled(long now) {
        var unsettled = new TreeMap<String, Long>();
        for (var link : links) {
            var age = link.unsettledFor();
            if (!age.isZero()) {
                unsettled.merge(link.link(), now - age.toMillis(), Math::min);
            }
        }
        return unsettled;
    }

    @Override
    public void close() {}
}
