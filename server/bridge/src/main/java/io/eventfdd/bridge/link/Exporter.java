package io.eventfdd.bridge.link;

import io.eventfdd.bridge.config.Link;
import io.eventfdd.bridge.config.Names;
import io.eventfdd.bridge.daemon.LinkedEventfd;
import io.eventfdd.bridge.nats.Entry;
import io.eventfdd.bridge.nats.Ledger;
import io.eventfdd.bridge.nats.SecondWriterException;
import io.eventfdd.bridge.status.LinkStatus;

import java.util.List;

/**
 * Takes the count of an eventfd and publishes it as one message, again and again. The last message
 * of its subject is its ledger: the message's number says which read comes next. For the thread of
 * the link.
 *
 * <ol>
 *   <li>It reads the eventfd with a key that follows from the number of the next message.
 *   <li>It publishes the value under an id that follows from the same number, until that is stored.
 *   <li>It tells the daemon, with the next read, that the key is done.
 * </ol>
 *
 * A bridge that was killed between the first two steps reads with the same key, and gets the same
 * value.
 */
final class Exporter implements LinkTask {
    private final Link.Export link;
    private final String host;
    private final long created;
    private final LinkedEventfd eventfd;
    private final Ledger ledger;
    private final LinkStatus status;

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
        long number = 1;
        var last = ledger.open();
        if (last.isPresent()) {
            number = last.get().number() + 1;
            var id = last.get().id();
            if (id != null) {
                eventfd.done(List.of(Names.readKey(id)));
            }
        }
        status.running();
        while (true) {
            var id = Names.messageId(host, link.name().value(), created, number);
            var key = Names.readKey(id);
            long value = eventfd.take(key);
            ledger.append(Entry.signals(id, number, value));
            status.moved(value);
            eventfd.done(List.of(key));
            number++;
        }
    }

    @Override
    public void close() {
        eventfd.close();
    }
}
