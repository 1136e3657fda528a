package io.eventfdd.server.fdsocket;

import io.eventfdd.server.loop.EventLoop;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * The requests that are being carried out: a bounded number, since each has a packet and its JSON
 * in memory. The other packets stay with the kernel until it is their turn. Belongs to the loop's
 * thread.
 */
final class Requests implements AutoCloseable {
    private static final int MOST = 64;

    private final EventLoop loop;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final SequencedSet<FdConnection> waiting = new LinkedHashSet<>();
    private int underWay;

    Requests(EventLoop loop) {
        this.loop = loop;
    }

    /** Whether {@code connection} may read a request; if not, it is called when it may. */
    boolean begin(FdConnection connection) {
        if (underWay == MOST) {
            waiting.add(connection);
            return false;
        }
        underWay++;
        return true;
    }

    /** One is over. */
    void end() {
        underWay--;
        if (!waiting.isEmpty()) {
            loop.submit(this::next);
        }
    }

    private void next() throws IOException {
        while (underWay < MOST && !waiting.isEmpty()) {
            waiting.removeFirst().readNext();
        }
    }

    /** Does {@code work} on another thread, and what comes of it on the loop's. */
    void elsewhere(Supplier<EventLoop.Task> work) {
        threads.execute(() -> loop.submit(work.get()));
    }

    @Override
    public void close() {
        threads.close();
    }
}
