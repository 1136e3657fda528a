package io.eventfdd.server;

import io.eventfdd.internal.linux.DirectoryWatch;
import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.Registration;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Has what somebody removes from the runtime directory made anew, so that clients find the daemon:
 * the directory, its lock, the sockets and the table.
 *
 * <p>It looks when the kernel reports that a name in the directory has gone, and when it is {@link
 * #look asked}; it looks again after a while if something could not be made, or if the kernel does
 * not report. Otherwise it sleeps. The looks have a thread of their own, since they touch files;
 * the kernel's reports come on the loop's thread, which only has the look begin.
 */
final class Upkeep implements AutoCloseable {
    /** What can be made anew. */
    @FunctionalInterface
    interface Restoring {
        /**
         * Makes it anew if it is missing.
         *
         * @return whether it was
         * @throws IOException if it cannot be made, saying why
         */
        boolean restore() throws IOException;
    }

    /** A file of the runtime directory. */
    record Part(Path path, Restoring restoring) {}

    /** The watch; what a look opens besides, it closes. */
    static final int DESCRIPTORS = 1;

    private static final System.Logger LOGGER = System.getLogger(Upkeep.class.getName());
    private static final Duration PERIOD = Duration.ofSeconds(10);
    private static final Duration TIME_TO_END = Duration.ofSeconds(2);

    private final EventLoop loop;
    private final Path directory;
    private final Part itself;
    private final List<Part> parts;
    private final AtomicBoolean asked = new AtomicBoolean();
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(Thread.ofVirtual().name("eventfdd-upkeep").factory());

    // The thread's own.
    private @Nullable DirectoryWatch watch;
    private String amiss = "";

    // The loop's own.
    private @Nullable Registration registration;
    private boolean waiting;

    /**
     * Looks for the first time, and whenever there is cause to.
     *
     * @param itself the directory and its lock; nothing else is made anew if they cannot be
     * @param parts what else is in the directory
     */
    Upkeep(EventLoop loop, Path directory, Restoring itself, List<Part> parts) {
        this.loop = loop;
        this.directory = directory;
        this.itself = new Part(directory.resolve("lock"), itself);
        this.parts = List.copyOf(parts);
        look();
    }

    /** Looks soon. For any thread. */
    void look() {
        if (asked.getAndSet(true)) {
            return;
        }
        try {
            thread.execute(this::lookNow);
        } catch (RejectedExecutionException e) {
            LOGGER.log(Level.DEBUG, "the daemon ends: nothing is made anew any more");
        }
    }

    private void lookNow() {
        asked.set(false);
        var found = new ArrayList<String>();
        boolean watched = watch();
        if (restore(itself, found)) {
            watched = watch(); // it may be another directory now
        }
        if (found.isEmpty()) { // what is in a directory that is not ours is not ours either
            parts.forEach(part -> restore(part, found));
        }
        say(String.join("; ", found));
        if (!watched || !found.isEmpty()) {
            loop.submit(this::lookLater);
        }
    }

    /** True if it was made anew. */
    private static boolean restore(Part part, List<String> found) {
        try {
            boolean missing = part.restoring().restore();
            if (missing) {
                LOGGER.log(
                        Level.WARNING, "{0} was removed; created it again", part.path().toString());
            }
            return missing;
        } catch (IOException e) {
            found.add(String.valueOf(e.getMessage()));
            return false;
        }
    }

    /** Once for each thing that is amiss, however often it is looked at. */
    private void say(String found) {
        if (!found.equals(amiss)) {
            amiss = found;
            if (found.isEmpty()) {
                LOGGER.log(Level.INFO, "clients can reach the daemon again");
            } else {
                LOGGER.log(Level.ERROR, "clients cannot reach the daemon: {0}", found);
            }
        }
    }

    /** Begins to watch the directory that is there now; false if it cannot be watched. */
    private boolean watch() {
        try {
            if (watch == null) {
                var created = DirectoryWatch.create();
                watch = created;
                loop.submit(() -> begin(created));
            }
            watch.watch(directory);
            return true;
        } catch (ErrnoException e) {
            LOGGER.log(Level.DEBUG, "looking every {0}: {1}", PERIOD, e.getMessage());
            return false;
        }
    }

    private void begin(DirectoryWatch created) throws ErrnoException {
        registration =
                loop.register(
                        created.fd(),
                        Epoll.IN,
                        events -> {
                            created.clear();
                            look();
                        });
    }

    private void lookLater() {
        if (!waiting) {
            waiting = true;
            loop.after(
                    PERIOD,
                    () -> {
                        waiting = false;
                        look();
                    });
        }
    }

    /** Nothing is made anew from the return on. Before the loop is closed; once. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(TIME_TO_END.toNanos(), TimeUnit.NANOSECONDS)) {
                LOGGER.log(Level.WARNING, "checking {0} did not end in time", directory);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (watch != null) {
            var last = watch;
            loop.submit(() -> {
                if (registration != null) {
                    loop.unregister(registration);
                }
                last.close();
            });
        }
    }
}
