package io.eventfdd.server.fdsocket;

import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.Registration;

import java.io.IOException;
import java.time.Duration;

/**
 * A client above the limit of connections that may be another daemon, which takes over whatever the
 * limit is: what becomes of it is decided when it has said what it wants, or after a moment.
 * Belongs to the loop's thread.
 */
final class Latecomer implements Registration.Target {
    /** What decides, once; the socket is its own from then on. */
    interface Judge {
        void judge(Latecomer latecomer, SeqPacketSocket socket) throws IOException;
    }

    private static final Duration PATIENCE = Duration.ofMillis(250);

    private final EventLoop loop;
    private final SeqPacketSocket socket;
    private final Judge judge;
    private final Registration registration;
    private boolean decided;

    /** Begins to wait for it; if that fails, {@code socket} is still the caller's. */
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

    /** Has it judged now, by what it has said so far. */
    void decide() throws IOException {
        if (!decided) {
            decided = true;
            loop.unregister(registration);
            judge.judge(this, socket);
        }
    }
}
