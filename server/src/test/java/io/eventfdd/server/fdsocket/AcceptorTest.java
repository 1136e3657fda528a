package io.eventfdd.server.fdsocket;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.Registration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Clients that come while the kernel lacks something. */
@Timeout(300)
class AcceptorTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    /** The kernel watches no descriptor twice in one epoll set, which is the errno at hand. */
    @Test
    void listenerThatTheKernelDoesNotWatchAgainIsTriedLater(@TempDir Path directory)
            throws Exception {
        var path = directory.resolve("s");
        var failed = new AtomicBoolean();
        try (var loop = new EventLoop(System::nanoTime);
                var listener = SeqPacketSocket.listen(path, 0600, 1)) {
            loop.start(() -> failed.set(true));
            var host = new FullAtFirst(loop, listener);
            loop.submit(() -> new Acceptor(loop, listener, host).start());
            try (var _ = SeqPacketSocket.connect(path, SOON)) {
                until(() -> host.triesAfterwards(loop) > 2 || failed.get());
                loop.submit(host::makeRoom);
                until(() -> host.arrived.get() == 1 || failed.get());
            }
        }
        assertThat(failed).as("the end of the loop").isFalse();
    }

    /** While it is full, another one watches the listener. */
    private static final class FullAtFirst implements Acceptor.Host {
        final AtomicInteger arrived = new AtomicInteger();
        private final EventLoop loop;
        private final SeqPacketSocket listener;
        private volatile long fullSince;
        private Registration other;
        private boolean hasRoom;

        FullAtFirst(EventLoop loop, SeqPacketSocket listener) {
            this.loop = loop;
            this.listener = listener;
        }

        @Override
        public boolean hasRoom() {
            if (!hasRoom) {
                // runs when the acceptor has begun to pause, and before it goes on
                loop.submit(() -> {
                    other = loop.register(listener.fd(), 0, events -> {});
                    fullSince = loop.turns();
                });
            }
            return hasRoom;
        }

        /** For how many turns the loop has gone on; at rest, each is a try. */
        long triesAfterwards(EventLoop loop) {
            return fullSince == 0 ? 0 : loop.turns() - fullSince;
        }

        void makeRoom() throws IOException {
            hasRoom = true;
            loop.unregister(other);
        }

        @Override
        public void arrived(SeqPacketSocket socket) {
            arrived.incrementAndGet();
            socket.close();
        }

        @Override
        public void noDescriptors(SeqPacketSocket socket) {
            socket.close();
        }
    }
}
