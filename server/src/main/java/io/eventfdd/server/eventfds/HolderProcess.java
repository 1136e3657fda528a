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
    private boolean ended;
    private boolean closed;

    /**
     * The process of {@code pidfd}.
     *
     * @param pid its pid, 0 if it cannot be known
     * @param startTime when it began; 0 if that cannot be known
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

    /** Whether it runs at this moment, whatever has been heard of it. */
    boolean isAlive() {
        return !ended && pidfd != null && ProcessFd.isAlive(pidfd);
    }

    /** From now on the process's end is heard. */
    void listen() throws ErrnoException {
        if (pidfd != null) {
            registration = loop.register(pidfd, Epoll.IN, events -> exited());
        }
    }

    /** It holds {@code lease} too. */
    void add(Lease lease) {
        leases.add(lease);
    }

    /** It does not hold {@code lease} any more. */
    void remove(Lease lease) throws IOException {
        leases.remove(lease);
        closeIfUnused();
    }

    /** If it holds nothing, nobody needs to know any more whether it runs. */
    void closeIfUnused() throws IOException {
        if (!leases.isEmpty() || closed) {
            return;
        }
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
        loop.each(leases, lease -> all.ended(lease, this));
    }
}
