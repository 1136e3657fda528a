package io.eventfdd.server.fdsocket;

import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.Registration;

import java.io.IOException;
import java.time.Duration;

/**
 * A client above the limit of connections. It may be another daemon, which may take over in spite
 * of the limit, so it is decided what to do with it when its first request has arrived, or after a
 * moment. Belongs to the loop's thread.
 */
final class Latecomer implements Registration.Target {
    /** Decides about the client, once, and owns the socket from then on. */
    interface Judge {
        void judge(Latecomer latecomer, SeqPacketSocket socket) throws IOException;
    }

    private static final Duration PATIENCE = Duration.ofMillis(250);

    private final EventLoop loop;
    private final SeqPacketSocket socket;
    private final Judge judge;
    private final Registration registration;
    private boolean decided;

    /**
     * Begins to wait for the first request. If that fails, the caller still owns {@code socket}.
     */
    Latecomer(EventLoop loop, SeqPacketSocket socket, Judge judge) throws ErrnoException {
        this.loop = loop;
        this.socket = socket;
        this.judge = judge;
        this.registration = loop.register(socket.fd(), Epoll.IN, this);
        loop.after(PATIENCE, this::decide);
    }

    @Override
    public void ready(int events) throws IOException {
        decide();
    }

    /** Has the client judged now, by what it has sent so far. */
    void decide() throws IOException {
        if (!decided) {
            decided = true;
            loop.unregister(registration);
            judge.judge(this, socket);
        }
    }
}
