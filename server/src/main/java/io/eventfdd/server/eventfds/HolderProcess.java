package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ProcessFd;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.Registration;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A process that holds leases, known by its pidfd, which is readable once the process has ended.
 * Belongs to the loop's thread.
 */
final class HolderProcess {
    private final HolderProcesses all;
    private final EventLoop loop;
    private final int pid;
    private final long startTime;
    private final @Nullable Fd pidfd;
    private @Nullable Registration registration;
    private final Set<Lease> leases = new LinkedHashSet<>();

    /** The number of connections for which it stays open although it may hold no lease. */
    private int connections;

    private boolean ended;
    private boolean closed;

    /**
     * Represents the process of {@code pidfd}.
     *
     * @param pid the process ID; 0 if it cannot be known
     * @param startTime when the process started; 0 if that cannot be known
     * @param pidfd null if the process has ended
     */
    HolderProcess(
            HolderProcesses all, EventLoop loop, int pid, long startTime, @Nullable Fd pidfd) {
        this.all = all;
        this.loop = loop;
        this.pid = pid;
        this.startTime = startTime;
        this.pidfd = pidfd;
        this.ended = pidfd == null;
    }

    int pid() {
        return pid;
    }

    long startTime() {
        return startTime;
    }

    boolean isClosed() {
        return closed;
    }

    boolean hasEnded() {
        return ended;
    }

    /** Asks the kernel whether the process runs at this moment. */
    boolean isAlive() {
        return !ended && pidfd != null && ProcessFd.isAlive(pidfd);
    }

    /** Starts to watch for the end of the process. */
    void listen() throws ErrnoException {
        if (pidfd != null) {
            registration = loop.register(pidfd, Epoll.IN, events -> exited());
        }
    }

    /** Stays open for the connection of {@code caller}, which may take one lease after another. */
    void keepFor(Caller caller) {
        if (!ended) {
            connections++;
            caller.process(this);
        }
    }

    /** Called when a connection has ended {@linkplain #keepFor for which} it stayed open. */
    void connectionEnded() throws IOException {
        connections--;
        closeIfUnused();
    }

    /** Adds {@code lease} to those that the process holds. */
    void add(Lease lease) {
        leases.add(lease);
        all.used(this);
    }

    /** Removes {@code lease} from those that the process holds. */
    void remove(Lease lease) throws IOException {
        leases.remove(lease);
        closeIfUnused();
    }

    /** Stops watching the process if it holds no lease and no connection of it is there. */
    void closeIfUnused() throws IOException {
        if (!leases.isEmpty() || closed) {
            return;
        }
        if (connections > 0 && !ended) {
            all.idle(this);
        } else {
            close();
        }
    }

    /** Stops watching the process, which holds no lease. */
    void close() throws IOException {
        closed = true;
        all.forget(this);
        stopListening();
        if (pidfd != null) {
            pidfd.close();
            all.closed();
        }
    }

    private void stopListening() throws IOException {
        if (registration != null) {
            loop.unregister(registration);
            registration = null;
        }
    }

    private void exited() throws IOException {
        ended = true;
        stopListening();
        all.forget(this);
        if (leases.isEmpty()) {
            closeIfUnused();
        } else {
            loop.each(leases, lease -> all.ended(lease, this));
        }
    }
}
