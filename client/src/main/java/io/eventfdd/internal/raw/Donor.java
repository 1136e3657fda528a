package io.eventfdd.internal.raw;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.LimitException;
import io.eventfdd.internal.VirtualThreads;
import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ReadBuffer;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.reactor.EpollThread;
import io.eventfdd.internal.reactor.GuardedWriter;
import io.eventfdd.internal.wire.DonateReply;
import io.eventfdd.internal.wire.DonateRequest;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Brings the raw eventfds of one client to the next daemon. Their counts belong to the kernel and
 * outlive the daemon that they came from. The epoll thread learns of the end of the connection; a
 * thread that exists only while there is something to do does the rest.
 */
final class Donor implements FdSocket.Life, EpollThread.Target, AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(Donor.class.getName());
    private static final Duration FIRST_PAUSE = Duration.ofMillis(10);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

    /** After so many failures in a row, the connection is replaced, as it may be their reason. */
    private static final int FAILURES = 3;

    private final RawWaits waits;
    private final Supplier<Collection<RawEventfd>> eventfds;
    private final FdSocket socket;

    // Under the lock of the socket, but for the last two, which are under this one's.
    private long key;
    private boolean isWatched;
    private boolean isAtWork;
    private boolean hasMore;

    private volatile boolean closed;

    /**
     * Creates a donor with nothing to do.
     *
     * @param eventfds the eventfds that are open
     */
    Donor(
            Path path,
            Duration patience,
            Duration outage,
            RawWaits waits,
            Supplier<Collection<RawEventfd>> eventfds) {
        this.waits = waits;
        this.eventfds = eventfds;
        this.socket = new FdSocket(path, patience, outage, this);
    }

    /** The connection whose end this waits for. */
    FdSocket socket() {
        return socket;
    }

    // The connection

    @Override
    public void began(SeqPacketSocket connection) {
        try {
            key = waits.epollThread().add(connection.fd(), Epoll.RDHUP | Epoll.ET, this);
            isWatched = true;
        } catch (ErrnoException e) {
            LOGGER.log(Level.DEBUG, "the daemon's end will not be heard of", e);
        }
    }

    @Override
    public void ends(SeqPacketSocket connection) {
        if (isWatched) {
            isWatched = false;
            try {
                waits.epollThread().remove(connection.fd(), key);
            } catch (ErrnoException e) {
                LOGGER.log(Level.DEBUG, "cannot leave the epoll set", e);
            }
        }
        if (!closed && !eventfds.get().isEmpty()) {
            begin();
        }
    }

    @Override
    public void ready(int events, ReadBuffer buffer, GuardedWriter writer) {
        if ((events & (Epoll.HUP | Epoll.RDHUP)) != 0) {
            begin();
        }
    }

    @Override
    public void fail(Exception cause) {
        LOGGER.log(Level.DEBUG, "the daemon's end will not be heard of", cause);
    }

    // The donation

    private synchronized void begin() {
        hasMore = true;
        if (!isAtWork && !closed) {
            VirtualThreads.startPlatform("eventfdd-client-donor", this::work);
            isAtWork = true; // not before, as there may be no thread to be had
        }
    }

    /** Takes the next round of work. Returns false if there is none; then this thread ends. */
    private synchronized boolean takeWork() {
        if (closed || !hasMore) {
            isAtWork = false;
            return false;
        }
        hasMore = false;
        return true;
    }

    private void work() {
        while (takeWork()) {
            long pause = FIRST_PAUSE.toNanos();
            for (int failed = 1; !closed && !tryWork(); failed++) {
                if (failed % FAILURES == 0) {
                    socket.discard();
                }
                LockSupport.parkNanos(pause);
                pause = Math.min(2 * pause, LONGEST_PAUSE.toNanos());
            }
        }
    }

    private boolean tryWork() {
        try {
            return tryDonateAll();
        } catch (Error e) {
            // There is not enough memory now. If this thread ended, no other one would begin.
            LOGGER.log(Level.DEBUG, "cannot bring the eventfds yet", e);
            return false;
        }
    }

    /** Brings all eventfds to the daemon. Returns false if there is none that takes all of them. */
    private boolean tryDonateAll() {
        try {
            socket.reconnect();
        } catch (EventfddException e) {
            LOGGER.log(Level.DEBUG, "no daemon yet: {0}", e.getMessage());
            return false;
        }
        boolean all = true;
        for (var some : inPackets(eventfds.get())) {
            all &= tryDonate(some);
        }
        return all;
    }

    /**
     * Splits the eventfds into packets that every daemon accepts: not too many in one, and no name
     * twice.
     */
    private static Collection<List<RawEventfd>> inPackets(Collection<RawEventfd> all) {
        var packets = new ArrayList<Map<EventfdName, RawEventfd>>();
        for (var eventfd : all) {
            var packet =
                    packets.stream()
                            .filter(it -> it.size() < DonateRequest.ALWAYS_TAKEN)
                            .filter(it -> !it.containsKey(eventfd.eventfdName()))
                            .findFirst();
            if (packet.isEmpty()) {
                var another = new LinkedHashMap<EventfdName, RawEventfd>();
                packets.add(another);
                another.put(eventfd.eventfdName(), eventfd);
            } else {
                packet.get().put(eventfd.eventfdName(), eventfd);
            }
        }
        return packets.stream().map(packet -> List.copyOf(packet.values())).toList();
    }

    /**
     * Brings {@code some} to the daemon. If they are too many for a limit, such as the open files
     * of this process, they come in two parts. Returns false if some were not taken. It makes no
     * new connection, because the daemon may have no room for one.
     */
    private boolean tryDonate(List<RawEventfd> some) {
        if (!socket.isConnected()) {
            return false;
        }
        try {
            return donate(some);
        } catch (LimitException e) {
            if (some.size() > 1) {
                int half = some.size() / 2;
                boolean first = tryDonate(some.subList(0, half));
                return tryDonate(some.subList(half, some.size())) && first;
            }
            return notTaken(e);
        } catch (EventfddException e) {
            return notTaken(e);
        }
    }

    private static boolean notTaken(EventfddException why) {
        LOGGER.log(Level.DEBUG, "eventfds are not taken yet: {0}", why.getMessage());
        return false;
    }

    /** Returns false if one of them could not move to the eventfd that has its name now. */
    private boolean donate(List<RawEventfd> some) {
        var byName = new HashMap<EventfdName, RawEventfd>();
        var entries = new ArrayList<DonateRequest.Entry>(some.size());
        var fds = new ArrayList<Fd>(some.size());
        try {
            for (var eventfd : some) {
                if (eventfd.eventFd().fd().acquire()) {
                    byName.put(eventfd.eventfdName(), eventfd);
                    entries.add(new DonateRequest.Entry(eventfd.eventfdName(), eventfd.spec()));
                    fds.add(eventfd.eventFd().fd());
                }
            }
            if (entries.isEmpty()) {
                return true;
            }
            var donated = socket.donate(new DonateRequest(entries), fds);
            fds.forEach(Fd::release);
            fds.clear();
            return move(byName, donated);
        } finally {
            fds.forEach(Fd::release);
        }
    }

    private static boolean move(Map<EventfdName, RawEventfd> some, FdSocket.Donated donated) {
        boolean all = true;
        var replacements = donated.fds().iterator();
        for (var entry : donated.reply().entries()) {
            LOGGER.log(Level.DEBUG, "{0} is {1}", entry.name(), entry.result());
            if (entry.result() == DonateReply.Result.REPLACED) {
                var other = replacements.next();
                var eventfd = some.get(entry.name());
                if (eventfd == null) {
                    other.close();
                } else {
                    all &= tryMoveTo(eventfd, other);
                }
            }
        }
        return all;
    }

    /** Moves {@code eventfd}; false if that failed, as without a descriptor to spare. */
    private static boolean tryMoveTo(RawEventfd eventfd, Fd other) {
        try {
            eventfd.moveTo(other);
            return true;
        } catch (EventfddException e) {
            LOGGER.log(Level.DEBUG, "cannot move " + eventfd, e);
            return false;
        }
    }

    @Override
    public void close() {
        closed = true;
        socket.close();
    }
}
