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
 * Restores parts of the runtime directory that somebody removes, so that clients find the daemon:
 * the directory, its lock, the sockets and the table.
 *
 * <p>It checks the directory when the kernel reports that a name in it has gone, and when it is
 * {@link #look asked}. If something could not be restored, or if the kernel does not report, it
 * checks again after a while. Otherwise it sleeps. Checks run on their own thread, because they
 * access files; the kernel's reports arrive on the loop's thread, which only starts the check.
 */
final class Upkeep implements AutoCloseable {
    /** A part that can be restored. */
    @FunctionalInterface
    interface Restoring {
        /**
         * Creates the part again if it is missing.
         *
         * @return whether it was missing
         * @throws IOException if it cannot be created, with the reason
         */
        boolean restore() throws IOException;
    }

    /** A file of the runtime directory. */
    record Part(Path path, Restoring restoring) {}

    /** The descriptor of the watch. A check closes the others that it opens. */
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

    // The fields of the thread.
    private @Nullable DirectoryWatch watch;
    private String amiss = "";

    // The fields of the loop's thread.
    private @Nullable Registration registration;
    private boolean waiting;

    /**
     * Checks for the first time, and whenever there is a reason to.
     *
     * @param itself the directory and its lock; nothing else is restored if they cannot be
     * @param parts the other parts of the directory
     */
    Upkeep(EventLoop loop, Path directory, Restoring itself, List<Part> parts) {
        this.loop = loop;
        this.directory = directory;
        this.itself = new Part(directory.resolve("lock"), itself);
        this.parts = List.copyOf(parts);
        look();
    }

    /** Checks soon. Any thread may call this. */
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
            watched = watch(); // the directory may be a new one
        }
        if (found.isEmpty()) { // if the directory is not ours, its content is not ours either
            parts.forEach(part -> restore(part, found));
        }
        say(String.join("; ", found));
        if (!watched || !found.isEmpty()) {
            loop.submit(this::lookLater);
        }
    }

    /** Restores one part. Returns true if it was missing. */
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

    /** Logs each fault once, however often it is found. */
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

    /** Begins to watch the current directory. Returns false if it cannot be watched. */
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

    /** Stops restoring. It must be called once, before the loop is closed. */
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
