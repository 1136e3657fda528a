package io.eventfdd.server.fdsocket;

import io.eventfdd.server.loop.EventLoop;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * The long requests, which are read and parsed on other threads: a bounded number at a time,
 * because each has a packet and its JSON in memory. The others stay in the kernel until it is their
 * turn. Belongs to the loop's thread.
 */
final class LongRequests implements AutoCloseable {
    private static final int MOST = 64;

    private final EventLoop loop;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final SequencedSet<FdConnection> waiting = new LinkedHashSet<>();
    private int underWay;

    LongRequests(EventLoop loop) {
        this.loop = loop;
    }

    /**
     * Lets {@code connection} read a long request. Returns true if it may do so now; otherwise its
     * {@code readNext} is called as soon as there is room.
     */
    boolean admitOrQueue(FdConnection connection) {
        if (underWay < MOST) {
            return true;
        }
        waiting.add(connection);
        return false;
    }

    /** Runs {@code work} on another thread, and the task that it returns on the loop's thread. */
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
