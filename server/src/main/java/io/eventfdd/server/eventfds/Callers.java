package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.UnixPeer;
import io.eventfdd.internal.linux.UnixPeer.Taken;
import io.eventfdd.server.loop.Deadlines;
import io.eventfdd.server.loop.EventLoop;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Watches the sockets of clients: for the hang-up of a client whose call waits, and for the moment
 * at which a client has taken its response. Belongs to the loop's thread.
 */
final class Callers {
    /**
     * No event is requested: epoll reports EPOLLHUP anyway, and only if the client closed both
     * directions.
     */
    private static final int HANG_UP = 0;

    /** The kernel reports EPOLLOUT each time that the peer takes something. */
    private static final int TAKES = Epoll.OUT | Epoll.ET;

    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    /** Is told that a client closed its connection. */
    @FunctionalInterface
    interface HangUp {
        void hungUp(Caller caller) throws IOException;
    }

    private final EventLoop loop;
    private final HangUp hangUp;

    Callers(EventLoop loop, HangUp hangUp) {
        this.loop = loop;
        this.hangUp = hangUp;
    }

    /** Starts to watch for the client's hang-up. */
    void listen(Caller caller) throws IOException {
        if (caller.registration() == null && !caller.isHeardElsewhere()) {
            caller.registration(
                    loop.register(caller.socket(), HANG_UP, events -> changed(caller, events)));
        }
    }

    /** Removes the descriptor of a connection that is about to be closed from the epoll set. */
    void forget(Caller caller) throws IOException {
        var registration = caller.registration();
        if (registration != null) {
            // The order matters: once the descriptor is not watched, the connection's thread may
            // close it.
            loop.unregister(registration);
            caller.registration(null);
        }
    }

    /**
     * Tells whether the client took all that was sent to it, as soon as that is certain; {@link
     * Taken#NOT_YET} if the time is up or the connection was shut down before.
     */
    void awaitTaken(Caller caller, long deadline, CompletableFuture<Taken> taken)
            throws IOException {
        var delivery = new Delivery(caller, deadline, taken);
        if (delivery.settle(0)) {
            return;
        }
        if (deadline - loop.now() <= 0) {
            taken.complete(Taken.NOT_YET);
            return;
        }
        try {
            listen(caller);
        } catch (ErrnoException full) {
            // The kernel refuses to watch another descriptor, so the loop checks again by itself.
            loop.after(LOOK_AGAIN, () -> awaitTaken(caller, deadline, taken));
            return;
        }
        caller.delivery(delivery);
        loop.deadlines().add(delivery);
        var registration = caller.registration();
        if (registration != null) {
            loop.modify(registration, TAKES);
        }
    }

    private void changed(Caller caller, int events) throws IOException {
        var delivery = caller.delivery();
        if (delivery != null && delivery.settle(events)) {
            loop.deadlines().remove(delivery);
            over(delivery);
        }
        if ((events & Epoll.HUP) != 0) {
            forget(caller);
            hangUp.hungUp(caller);
        }
    }

    private void over(Delivery delivery) throws IOException {
        delivery.caller.delivery(null);
        var registration = delivery.caller.registration();
        if (registration != null) {
            loop.modify(registration, HANG_UP);
        }
    }

    /** A response of which it is not known yet whether the client took it. */
    final class Delivery extends Deadlines.Timed {
        private final Caller caller;
        private final long deadline;
        private final CompletableFuture<Taken> taken;

        Delivery(Caller caller, long deadline, CompletableFuture<Taken> taken) {
            this.caller = caller;
            this.deadline = deadline;
            this.taken = taken;
        }

        /** Completes the outcome if it is certain now, and returns whether it was. */
        boolean settle(int events) throws IOException {
            var now = UnixPeer.taken(caller.socket());
            if (now == Taken.NOT_YET && (events & Epoll.HUP) == 0) {
                return false;
            }
            taken.complete(now);
            return true;
        }

        @Override
        public long deadline() {
            return deadline;
        }

        @Override
        public void expire() throws IOException {
            over(this);
            taken.complete(Taken.NOT_YET);
        }
    }
}
