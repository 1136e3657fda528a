package io.eventfdd.server.fdsocket;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.LoopCalls;
import io.eventfdd.server.runtime.ListenerPlace;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * The server of {@code fd.sock}. It owns the entrance for clients, and starts and stops on any
 * thread but the loop's. The loop serves the {@linkplain FdClients clients}.
 */
public final class FdServer implements AutoCloseable {

    /** The greatest number of connections above the limit that are accepted to be told so. */
    public static final int MOST_TOLD = 16;

    /** The descriptors of the listener and of its reserve. */
    private static final int LISTENING = 2;

    /** How long clients have for the replies that grant them leases, once this ends. */
    private static final Duration TIME_TO_TAKE = Duration.ofSeconds(2);

    private static final long PAUSE_NANOS = 1_000_000;

    /**
     * The number of descriptors that a server needs besides those of {@code max-fd-connections}.
     *
     * @param told connections above the limit, to be told so and closed
     * @param donation descriptors that one packet brings; one is taken at a time
     */
    public static int descriptors(int told, int donation) {
        return LISTENING + told + donation;
    }

    private final EventLoop loop;
    private final ListenerPlace place;
    private final FdClients clients;
    private final Admission admission;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile Door door;

    private FdServer(EventLoop loop, ListenerPlace place, FdClients clients) throws IOException {
        this.loop = loop;
        this.place = place;
        this.clients = clients;
        this.admission = new Admission(loop, clients);
        this.door = Door.open(place, loop, admission);
    }

    /**
     * Listens at {@code place}. Clients that connect are served once they are {@linkplain #admit
     * admitted}.
     *
     * @param loop the running loop
     * @param observer is told of each request
     * @param heirs is asked when another daemon wants to take over
     * @throws IOException if the socket cannot be opened
     */
    public static FdServer open(
            EventLoop loop,
            Eventfds eventfds,
            ListenerPlace place,
            FdLimits limits,
            FdObserver observer,
            Heirs heirs)
            throws IOException {
        var clients = new FdClients(loop, eventfds, observer, limits, heirs);
        return new FdServer(loop, place, clients);
    }

    /** Serves whoever has connected or connects. */
    public void admit() throws IOException {
        onLoop(door.acceptor()::start);
    }

    // For everybody

    /** Changes the limits. Connections and descriptors above the new limits stay. */
    public void limit(FdLimits now) {
        new LoopCalls(loop).run(() -> clients.limit(now));
    }

    /** The number of descriptors that were sent to clients since the start. */
    public long fdsHandedOut() {
        return clients.fdsHandedOut();
    }

    /** Whether clients can connect; the loop serves them. */
    public boolean isServing() {
        return !closed.get() && door.file().isReachable();
    }

    /**
     * Creates the socket again if somebody removed it. Existing connections go on. It must not be
     * called while the server stops, and only by one thread at a time, which is not the loop's.
     *
     * @return whether it was created
     * @throws IOException if it cannot be created, if another process has a socket there now, or if
     *     it belongs to the service manager
     */
    public boolean restore() throws IOException {
        var before = door;
        if (closed.get() || !before.file().isToBeMade()) {
            return false;
        }
        var next = Door.bound(place, loop, admission);
        door = next;
        onLoop(() -> {
            next.acceptor().start();
            before.acceptor().stopAfterLast(() -> clients.disposal().close(before.listener()));
        });
        return true;
    }

    /** The number of connections. */
    public int connections() {
        return clients.count();
    }

    /**
     * The things that the next daemon gets.
     *
     * @param heir the connection to it, unless it has gone
     */
    public record Estate(Optional<SeqPacketSocket> heir, Fd listener) {}

    /**
     * Ends the server as {@link #close} does, but the socket keeps listening, and the daemon that
     * asked stays connected.
     */
    public Estate leave() throws IOException {
        var copy = door.listener().fd().duplicate();
        door.file().leave();
        var kept = new AtomicReference<SeqPacketSocket>();
        onLoop(() -> clients.releaseHeir().ifPresent(kept::set));
        close();
        return new Estate(Optional.ofNullable(kept.get()), copy);
    }

    /**
     * Removes the socket, ends all connections and tells clients that wait for a reply. It must be
     * called before the loop is closed.
     */
    @Override
    public void close() throws IOException {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        door.file().remove();
        onLoop(() -> {
            door.acceptor().stop();
            admission.decide();
            clients.leave();
        });
        awaitTaken();
        onLoop(clients::shutDown);
        clients.disposal().close(door.listener());
        clients.close();
    }

    /**
     * Waits until the clients have taken the leases that they were granted just now. Whoever does
     * not take the reply in time has no lease.
     */
    private void awaitTaken() throws IOException {
        long begun = System.nanoTime();
        while (isAnyUntaken() && System.nanoTime() - begun < TIME_TO_TAKE.toNanos()) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private boolean isAnyUntaken() throws IOException {
        var untaken = new AtomicBoolean();
        onLoop(() -> untaken.set(clients.isAnyGrantUntaken()));
        return untaken.get();
    }

    private void onLoop(EventLoop.Task task) throws IOException {
        var done = new CompletableFuture<Boolean>();
        loop.submit(
                new EventLoop.Task() {
                    @Override
                    public void run() {
                        try {
                            task.run();
                            done.complete(true);
                        } catch (IOException | RuntimeException e) {
                            done.completeExceptionally(e);
                        }
                    }

                    @Override
                    public void abandon() {
                        done.complete(false); // the process ends
                    }
                });
        try {
            done.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw e;
        }
    }
}
