package io.eventfdd.internal.raw;

import io.eventfdd.client.AccessMode;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.Signal;
import io.eventfdd.client.SystemCallException;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.LongestWait;
import io.eventfdd.internal.leases.HeldLeases;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.NativeCode;
import io.eventfdd.internal.wire.OpenReply;
import io.eventfdd.internal.wire.OpenRequest;

import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Opens the raw handles of one client, and owns what they share: the connection to {@code fd.sock},
 * the epoll thread, and the thread that brings them to the next daemon. Safe for all threads.
 */
public final class RawOpener implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(RawOpener.class.getName());
    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private final Set<Eventfd> handles;
    private final RawWaits waits;
    private final Donor donor;
    private final HeldLeases leases;

    /**
     * Creates an opener, which is not connected yet.
     *
     * @param longestWait how long the daemon lets a call wait
     * @param handles the open handles of the client; a handle leaves this collection when it is
     *     closed
     * @throws SystemCallException if there is no native code in this JVM
     */
    public RawOpener(
            Path socket,
            Duration patience,
            Duration outage,
            Duration spin,
            Executor executor,
            LongestWait longestWait,
            Set<Eventfd> handles) {
        NativeCode.obstacle()
                .ifPresent(obstacle -> {
                    throw new SystemCallException(
                            "no raw eventfds in this JVM: " + NativeCode.told(obstacle), obstacle);
                });
        this.handles = handles;
        this.waits = new RawWaits(spin, executor);
        this.donor = new Donor(socket, patience, outage, waits, this::open);
        this.leases =
                new HeldLeases(
                        new RawLeases(socket, patience, outage, waits),
                        longestWait,
                        outage,
                        executor);
    }

    /** Whether there is a socket to get descriptors from, and native code to use them. */
    public static boolean isPossible(Path socket) {
        if (!Files.exists(socket) || NativeCode.obstacle().isPresent()) {
            return false;
        }
        try {
            EventFd.create(0, false, true).close();
            return true;
        } catch (ErrnoException e) {
            LOGGER.log(Level.DEBUG, "no eventfds in this process: over HTTP then", e);
            return false;
        }
    }

    /** Logs, once in this JVM, if everything goes over HTTP because there is no native code. */
    public static void warnIfNoNativeCode() {
        NativeCode.obstacle()
                .filter(obstacle -> WARNED.compareAndSet(false, true))
                .ifPresent(obstacle ->
                        LOGGER.log(
                                Level.WARNING,
                                "no raw eventfds in this JVM, so every call goes through the"
                                        + " daemon: "
                                        + NativeCode.told(obstacle)));
    }

    /** Connects to the daemon. */
    public void connect() {
        donor.socket().connect();
    }

    private Collection<RawEventfd> open() {
        return handles.stream()
                .filter(RawEventfd.class::isInstance)
                .map(RawEventfd.class::cast)
                .toList();
    }

    /** Opens a handle for each eventfd that {@code request} names, or none if one cannot be had. */
    public List<Eventfd> open(OpenRequest request) {
        var opened = donor.socket().open(request);
        List<Eventfd> eventfds = new ArrayList<>(opened.fds().size());
        for (int i = 0; i < opened.fds().size(); i++) {
            var entry = opened.reply().entries().get(i);
            eventfds.add(
                    new RawEventfd(
                            entry.name(),
                            spec(request.entries().get(i), entry),
                            EventFd.adopt(opened.fds().get(i)),
                            waits,
                            leases,
                            handles::remove));
        }
        return eventfds;
    }

    /** The spec, as far as it is known: the mode is known only if this client asked for one. */
    private static EventfdSpec spec(OpenRequest.Entry asked, OpenReply.Entry got) {
        var wanted = asked.create();
        var mode = wanted == null ? AccessMode.DEFAULT : wanted.mode();
        return new EventfdSpec(0, got.semaphore(), got.nonblocking(), mode);
    }

    /** Waits on several eventfds. The result is empty if the time is up first. */
    public List<Signal> await(
            List<RawEventfd> eventfds, boolean all, boolean consume, Deadline deadline)
            throws InterruptedException {
        return new RawSelection(eventfds, waits, all, consume).await(deadline);
    }

    /** The leases over {@code fd.sock}. */
    public HeldLeases leases() {
        return leases;
    }

    /** Ends the connection and the threads. The handles must be closed first. */
    @Override
    public void close() {
        donor.close();
        leases.close();
        waits.close();
    }
}
