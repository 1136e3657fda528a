package io.eventfdd.bridge.link;

import io.eventfdd.bridge.nats.Entry;
import io.eventfdd.bridge.nats.Ledger;
import io.eventfdd.bridge.nats.SecondWriterException;
import io.eventfdd.bridge.status.Absences;

import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Publishes every few seconds that the bridge is there, so that it knows after an absence how long
 * that was. If something holds a link up, that began earlier: what a bridge leaves behind is as old
 * as the first call that its ledgers do not have. For a thread of its own.
 */
final class Presence implements LinkTask {
    private static final Duration PERIOD = Duration.ofSeconds(10);

    private final String stream;
    private final Ledger ledger;
    private final Absences absences;
    private final InstantSource clock;
    private final Supplier<Duration> unsettled;
    private final String writer = UUID.randomUUID().toString();

    /** Until when all was settled, in milliseconds since the epoch; 0 if that is not known. */
    private long before;

    /**
     * Creates a presence that has not looked at its ledger.
     *
     * @param ledger of its own subject
     * @param clock of the host, which goes on while the bridge is away
     * @param unsettled for how long a link has had something that is not in its ledger
     */
    Presence(
            String stream,
            Ledger ledger,
            Absences absences,
            InstantSource clock,
            Supplier<Duration> unsettled) {
        this.stream = stream;
        this.ledger = ledger;
        this.absences = absences;
        this.clock = clock;
        this.unsettled = unsettled;
    }

    /**
     * Looks how long ago an earlier run has left nothing unsettled. Before {@link #run}, by any
     * thread.
     *
     * @return zero if there was no such run
     */
    Duration open() throws InterruptedException {
        before = ledger.open().map(Entry::presentAt).orElse(0L);
        return before == 0 ? Duration.ZERO : Duration.ofMillis(clock.millis() - before);
    }

    @Override
    public void run() throws InterruptedException {
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
                long at = clock.millis() - unsettled.get().toMillis();
                ledger.append(Entry.presence(at, writer));
                return;
            } catch (SecondWriterException e) {
                // An earlier run had this on its way when it was killed. If it is another bridge of
                // the same name, its links find that out.
                ledger.open();
            }
        }
    }

    @Override
    public void close() {}
}
