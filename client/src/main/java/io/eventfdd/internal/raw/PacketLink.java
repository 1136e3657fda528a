package io.eventfdd.internal.raw;

import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.VirtualThreads;
import io.eventfdd.internal.leases.LeaseTransport;
import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.ReadBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.reactor.EpollThread;
import io.eventfdd.internal.reactor.GuardedWriter;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A connection to {@code fd.sock} that waits for its replies in the way that suits the thread: a
 * platform thread waits in the kernel, a virtual thread is parked. One thread at a time uses it;
 * any thread may {@link #end} its wait.
 */
final class PacketLink implements LeaseTransport.Connection {
    private static final System.Logger LOGGER = System.getLogger(PacketLink.class.getName());

    /** A size that is enough for most packets. */
    private static final int ROOM = 4096;

    private final SeqPacketSocket socket;
    private final RawWaits waits;
    private PacketBuffer buffer = new PacketBuffer(ROOM, 0);
    private volatile boolean ended;
    private volatile Runnable waker = PacketLink::wakeNobody;

    private PacketLink(SeqPacketSocket socket, RawWaits waits) {
        this.socket = socket;
        this.waits = waits;
    }

    /** Connects to the daemon at {@code path}. */
    static PacketLink connect(Path path, Duration patience, RawWaits waits) {
        return VirtualThreads.onPlatform(
                "eventfdd-client-connect",
                () -> {
                    try {
                        return new PacketLink(SeqPacketSocket.connect(path, patience), waits);
                    } catch (ErrnoException e) {
                        throw e.outOfDescriptors() ? Failures.of(e) : Failures.unavailable(path, e);
                    }
                });
    }

    /** Sends {@code packet}, if the daemon takes it at once; it has read all earlier ones. */
    SeqPacketSocket.Sent send(byte[] packet) throws ErrnoException {
        // A reply is at most as long as its request, or says why that failed.
        int room = packet.length + ROOM;
        if (packet.length > ROOM / 2) {
            buffer = new PacketBuffer(room, 0);
        }
        return socket.send(buffer, packet, List.of());
    }

    /**
     * Waits for a packet, or for the end of the connection; {@link Received.Nothing#YET} if neither
     * came until {@code deadline}, or if the wait was ended.
     *
     * @param interruptible whether an interrupt ends it; otherwise the interrupt is kept for later
     * @throws InterruptedException if the thread was interrupted and no packet is there
     */
    Received await(Deadline deadline, boolean interruptible)
            throws InterruptedException, ErrnoException {
        boolean interrupted = false;
        try {
            var received = socket.receive(buffer);
            while (received == Received.Nothing.YET && !ended && !deadline.hasPassed()) {
                interrupted |= !waited(deadline);
                received = socket.receive(buffer);
                if (interrupted && interruptible && received == Received.Nothing.YET) {
                    interrupted = false;
                    throw new InterruptedException();
                }
            }
            return received;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Waits, possibly for too short a time. Returns false if an interrupt ended the wait. */
    private boolean waited(Deadline deadline) throws ErrnoException {
        try {
            if (VirtualThreads.isCurrent()) {
                park(deadline);
            } else {
                sleep(deadline);
            }
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    private static void wakeNobody() {}

    private void sleep(Deadline deadline) throws InterruptedException, ErrnoException {
        var sleeper = waits.sleepers().borrow();
        waker = sleeper::wake;
        try {
            if (!ended) {
                sleeper.sleep(List.of(socket.fd()), deadline);
            }
        } finally {
            waker = PacketLink::wakeNobody;
            waits.sleepers().giveBack(sleeper);
        }
    }

    private void park(Deadline deadline) throws InterruptedException, ErrnoException {
        var parked = new Parked(Thread.currentThread());
        var epoll = waits.epollThread();
        long key = epoll.add(socket.fd(), Epoll.IN | Epoll.RDHUP | Epoll.ET, parked);
        waker = parked::wake;
        try {
            while (!parked.awake && !ended && !deadline.hasPassed()) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (deadline.isNever()) {
                    LockSupport.park(this);
                } else {
                    LockSupport.parkNanos(this, deadline.nanosLeft());
                }
            }
        } finally {
            waker = PacketLink::wakeNobody;
            leave(epoll, key);
        }
    }

    private void leave(EpollThread epoll, long key) {
        try {
            epoll.remove(socket.fd(), key);
        } catch (ErrnoException e) {
            LOGGER.log(Level.DEBUG, "cannot leave the epoll set", e);
        }
    }

    /** A parked virtual thread that the epoll thread wakes. */
    private static final class Parked implements EpollThread.Target {
        private final Thread thread;
        private volatile boolean awake;

        Parked(Thread thread) {
            this.thread = thread;
        }

        void wake() {
            awake = true;
            LockSupport.unpark(thread);
        }

        @Override
        public void ready(int events, ReadBuffer ignored, GuardedWriter writer) {
            wake();
        }

        @Override
        public void fail(Exception cause) {
            LOGGER.log(Level.DEBUG, "a reply will not be heard of", cause);
            wake();
        }
    }

    /** Ends the current wait, and all later ones. */
    void end() {
        ended = true;
        waker.run();
    }

    boolean isEnded() {
        return ended;
    }

    /** Looks at the socket. It must be called only while no request is under way. */
    @Override
    public boolean hasEnded() {
        try {
            return socket.peek(buffer).next() != SeqPacketSocket.Next.NOTHING_YET;
        } catch (ErrnoException e) {
            return true;
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
