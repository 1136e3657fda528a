package io.eventfdd.server.eventfds;

import io.eventfdd.client.ProblemException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ProcessFd;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * The processes that hold leases: one descriptor for each, however many leases it has. Belongs to
 * the loop's thread.
 */
final class HolderProcesses {
    /** Hears that the process which holds a lease has ended. */
    @FunctionalInterface
    interface Ended {
        void holderEnded(Lease lease) throws IOException;
    }

    private final EventLoop loop;
    private final Ended ended;

    /** Those that run and whose pid is known. No other process can have their pids. */
    private final Map<Integer, HolderProcess> running = new HashMap<>();

    /** How many there are that take a descriptor, and how many there may be. */
    private int open;

    private int most;

    HolderProcesses(EventLoop loop, int most, Ended ended) {
        this.loop = loop;
        this.most = most;
        this.ended = ended;
    }

    /** Another limit; those that there are above it stay. */
    void limit(int now) {
        most = now;
    }

    /**
     * The process that connected {@code caller}. If no lease is added to it, {@link
     * HolderProcess#closeIfUnused} has to follow.
     *
     * @throws ProblemException {@code unsupported} or {@code limit}
     */
    HolderProcess of(Caller caller) throws IOException {
        try {
            var pidfd = ProcessFd.ofPeer(caller.socket()).orElse(null);
            var process = known(caller.peer().pid(), pidfd);
            if (open > most) {
                process.closeIfUnused();
            }
            if (process.isClosed()) {
                throw ProblemType.LIMIT.exception(
                        "open files: the daemon can watch at most "
                                + most
                                + " processes that hold leases");
            }
            return process;
        } catch (ErrnoException e) {
            throw e.is("ENOPROTOOPT")
                    ? ProblemType.UNSUPPORTED.exception(
                            "holder: the kernel cannot name the process of a connection"
                                    + " (SO_PEERPIDFD needs Linux 6.5)")
                    : ProblemType.LIMIT.exception(
                            "the kernel watches no more processes: " + e.getMessage());
        }
    }

    /** The process that had {@code pid}, 0 if that is not known, and began at {@code startTime}. */
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
            // In this order: if it runs now, the pid was not another's a moment ago.
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

    /** One that has ended already. */
    private HolderProcess gone(int pid) {
        return new HolderProcess(this, loop, pid, 0, null);
    }

    /** {@code process} has ended, or holds nothing any more. */
    void forget(HolderProcess process) {
        running.remove(process.pid(), process);
    }

    /** A descriptor less. */
    void closed() {
        open--;
    }

    /** The holder of {@code lease} was {@code process}, which has ended. */
    void ended(Lease lease, HolderProcess process) throws IOException {
        if (lease.holder instanceof Lease.Holder.OfProcess(var holder) && holder == process) {
            ended.holderEnded(lease);
        }
    }
}
