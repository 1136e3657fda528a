package io.eventfdd.server.fdsocket;

import io.eventfdd.internal.linux.DescriptorReserve;
import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.Registration;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;

/**
 * Accepts connections, even if there is no descriptor for one: it gives up the descriptor that it
 * keeps in reserve, so that the client can be told, and pauses if that does not help. An outage is
 * logged when it begins and when it ends. Belongs to the loop's thread.
 */
final class Acceptor implements Registration.Target {
    /** Takes the connections that are accepted. */
    interface Host {
        /** Whether there may be one more connection, if only to be told that there are too many. */
        boolean hasRoom();

        /** Takes a client, whose socket the host has to close. */
        void arrived(SeqPacketSocket socket) throws IOException;

        /**
         * Takes a client that got the last descriptor; the host has to tell it so and close its
         * socket soon.
         */
        void noDescriptors(SeqPacketSocket socket);
    }

    private static final System.Logger LOGGER = System.getLogger(Acceptor.class.getName());
    private static final Duration PAUSE = Duration.ofMillis(50);

    /** The number of clients that are accepted at once, so that other work gets its turn. */
    private static final int A_TURN = 64;

    private final EventLoop loop;
    private final SeqPacketSocket listener;
    private final Host host;
    private final DescriptorReserve reserve = new DescriptorReserve();
    private @Nullable Registration registration;
    private boolean outage;
    private boolean closed;

    /**
     * The action for the moment when all clients that have connected are accepted; null while more
     * may come.
     */
    private @Nullable Runnable last;

    Acceptor(EventLoop loop, SeqPacketSocket listener, Host host) {
        this.loop = loop;
        this.listener = listener;
        this.host = host;
    }

    /** Starts to accept connections. */
    void start() throws ErrnoException {
        reserve.refill();
        registration = loop.register(listener.fd(), Epoll.IN, this);
    }

    @Override
    public void ready(int events) throws IOException {
        for (int i = 0; i < A_TURN; i++) {
            if (!host.hasRoom()) {
                pause();
                return;
            }
            Optional<SeqPacketSocket> socket;
            try {
                socket = listener.accept();
            } catch (ErrnoException e) {
                outageBegins(e);
                if (!reserve.giveUp()) {
                    pause();
                    return;
                }
                continue;
            }
            if (socket.isEmpty()) {
                if (last != null) {
                    stop();
                    last.run();
                }
                return;
            }
            if (reserve.refill()) {
                outageEnds();
                host.arrived(socket.get());
            } else {
                host.noDescriptors(socket.get());
            }
        }
    }

    /**
     * The listener is level-triggered, so it would keep the loop busy until there is a descriptor.
     */
    private void pause() throws ErrnoException {
        unregister();
        loop.after(PAUSE, this::goOn);
    }

    private void goOn() throws ErrnoException {
        if (closed) {
            return;
        }
        try {
            start();
        } catch (ErrnoException e) {
            outageBegins(e); // The kernel may have no memory for one more to watch.
            pause();
        }
    }

    private void outageBegins(ErrnoException why) {
        if (!outage) {
            outage = true;
            LOGGER.log(
                    Level.WARNING,
                    "cannot accept connections to fd.sock: {0}; retrying",
                    why.getMessage());
        }
    }

    private void outageEnds() {
        if (outage) {
            outage = false;
            LOGGER.log(Level.INFO, "accepting connections to fd.sock again");
        }
    }

    private void unregister() throws ErrnoException {
        if (registration != null) {
            loop.unregister(registration);
            registration = null;
        }
    }

    /**
     * Called when nobody can connect to the listener any more. Clients that have connected are
     * accepted; then this stops and {@code next} runs.
     */
    void stopAfterLast(Runnable next) throws IOException {
        last = next;
        ready(0);
    }

    /** Stops accepting. The listener still has to be closed. */
    void stop() throws ErrnoException {
        closed = true;
        unregister();
        reserve.giveUp();
    }
}
