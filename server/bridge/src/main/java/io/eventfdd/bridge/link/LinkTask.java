package io.eventfdd.bridge.link;

import io.eventfdd.bridge.nats.SecondWriterException;

/** One part of a link, which runs on a thread of its own until that is interrupted. */
interface LinkTask extends AutoCloseable {
    /**
     * Moves signals.
     *
     * @throws InterruptedException if the thread was interrupted, which is how it ends
     * @throws SecondWriterException if the ledger of the link is not its own
     */
    void run() throws InterruptedException, SecondWriterException;

    @Override
    void close();
}
