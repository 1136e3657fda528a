package io.eventfdd.server.fdsocket;

import io.eventfdd.server.loop.EventLoop;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * The long requests, which are read and understood on threads of their own: a bounded number at a
 * time, since each has a packet and its JSON in memory. The others stay with the kernel until it is
 * their turn. Belongs to the loop's thread.
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

    /**
     * Lets {@code connection} read a long request: now, and then this is true, or as soon as there
     * is room, when its {@code readNext} is called.
     */
    boolean admitOrQueue(FdConnection connection) {
        if (underWay < MOST) {
            return true;
        }
        waiting.add(connection);
        return false;
    }

    /** Does {@code work} on another thread, and what comes of it on the loop's. */
    void elsewhere(Supplier<EventLoop.Task> work) {
        underWay++;
        threads.execute(() -> {
            var rest = work.get();
            loop.submit(() -> {
                underWay--;
                rest.run();
                next();
            });
        });
    }

    private void next() throws IOException {
        while (underWay < MOST && !waiting.isEmpty()) {
            waiting.removeFirst().readNext();
        }
    }

    @Override
    public void close() {
        threads.close();
    }
}
