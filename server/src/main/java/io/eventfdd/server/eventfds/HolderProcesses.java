package io.eventfdd.server.eventfds;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.Errno;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ProcessFd;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The processes that hold leases. Each takes one descriptor, however many leases it has, and keeps
 * it as long as a connection is there on which it took one, unless others need it. Belongs to the
 * loop's thread.
 */
final class HolderProcesses {
    /** Is told that the process that holds a lease has ended. */
    @FunctionalInterface
    interface Ended {
        void holderEnded(Lease lease) throws IOException;
    }

    private final EventLoop loop;
    private final Ended ended;

    /**
     * The processes that run and whose pid is known, by pid. No other process can have the same pid
     * meanwhile.
     */
    private final Map<Integer, HolderProcess> running = new HashMap<>();

    /**
     * The processes that hold no lease and are watched only because they are connected, so that
     * their next lease costs less.
     */
    private final Set<HolderProcess> idle = new LinkedHashSet<>();

    /** The number of processes that take a descriptor, and its limit. */
    private int open;

    private int most;

    HolderProcesses(EventLoop loop, int most, Ended ended) {
        this.loop = loop;
        this.most = most;
        this.ended = ended;
    }

    /** Changes the limit. Processes above the new limit stay. */
    void limit(int now) {
        most = now;
    }

    /**
     * Finds the process that connected {@code caller}. If no lease is added to it, {@link
     * HolderProcess#closeIfUnused} must be called.
     *
     * @throws ProblemException {@code unsupported} or {@code limit}
     */
    HolderProcess of(Caller caller) throws IOException {
        var before = caller.process();
        if (before != null && !before.isClosed()) {
            return before;
        }
        try {
            var pidfd = ProcessFd.ofPeer(caller.socket()).orElse(null);
            var process = known(caller.peer().pid(), pidfd);
            if (open > most && !idle.isEmpty() && !idle.contains(process)) {
                idle.iterator().next().close();
            }
            if (open > most) {
                process.closeIfUnused();
            }
            if (process.isClosed()) {
                throw new ProblemException(
                        ProblemType.LIMIT,
                        "open files: the daemon can watch at most "
                                + most
                                + " processes that hold leases");
            }
            process.keepFor(caller);
            return process;
        } catch (ErrnoException e) {
            throw e.is(Errno.ENOPROTOOPT)
                    ? new ProblemException(
                            ProblemType.UNSUPPORTED,
                            "holder: the kernel cannot name the process of a connection"
                                    + " (SO_PEERPIDFD needs Linux 6.5)")
                    : new ProblemException(
                            ProblemType.LIMIT,
                            "the kernel cannot watch another process: " + e.getMessage());
        }
    }

    /**
     * Finds the process that had {@code pid} (0 if that is not known) and started at {@code
     * startTime}.
     */
    HolderProcess ofBefore(int pid, long startTime) {
        try {
            var opened = pid == 0 ? null : ProcessFd.open(pid).orElse(null);
            if (opened != null && ProcessFd.startTime(pid).orElse(0) != startTime) {
                opened.close();
                opened = null;
            }
            return known(pid, opened);
        } catch (ErrnoException e) {
            return gone(pid);
        }
    }

    private HolderProcess known(int pid, @Nullable Fd pidfd) throws ErrnoException {
        if (pidfd == null) {
            return gone(pid);
        }
        try {
            var found = running.get(pid);
            if (found != null && ProcessFd.isAlive(pidfd) && found.isAlive()) {
                // Two processes that run at one moment have different pids.
                pidfd.close();
                return found;
            }
            long startTime = pid == 0 ? 0 : ProcessFd.startTime(pid).orElse(0);
            // The order matters: if the process runs now, its pid belonged to no other process a
            // moment ago.
            if (!ProcessFd.isAlive(pidfd)) {
                pidfd.close();
                return gone(pid);
            }
            var process = new HolderProcess(this, loop, pid, startTime, pidfd);
            process.listen();
            open++;
            if (pid != 0) {
                running.put(pid, process);
            }
            return process;
        } catch (ErrnoException e) {
            pidfd.close();
            throw e;
        }
    }

    /** Represents a process that has ended already. */
    private HolderProcess gone(int pid) {
        return new HolderProcess(this, loop, pid, 0, null);
    }

    /** Called when the connection of {@code caller} has ended. */
    void connectionEnded(Caller caller) throws IOException {
        var process = caller.process();
        if (process != null) {
            caller.process(null);
            process.connectionEnded();
        }
    }

    /** Called when {@code process} holds no lease any more but is still connected. */
    void idle(HolderProcess process) {
        idle.add(process);
    }

    /** Called when {@code process} holds a lease. */
    void used(HolderProcess process) {
        idle.remove(process);
    }

    /** Forgets {@code process}, which has ended or holds nothing any more. */
    void forget(HolderProcess process) {
        running.remove(process.pid(), process);
        idle.remove(process);
    }

    /** Counts one descriptor less. */
    void closed() {
        open--;
    }

    /** Called when {@code process}, which holds {@code lease}, has ended. */
    void ended(Lease lease, HolderProcess process) throws IOException {
        if (lease.holder instanceof Lease.Holder.OfProcess(var holder) && holder == process) {
            ended.holderEnded(lease);
        }
    }
}
