package io.eventfdd.server.fdsocket;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.linux.ThreadAlarm;
import io.eventfdd.internal.wire.OpenRequest;

import org.jspecify.annotations.Nullable;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * The thread that closes descriptors that clients sent and nobody wants.
 *
 * <p>If a packet holds the last descriptor of a file, the file is closed by the thread that drops
 * the packet, which means that it takes the packet without room for descriptors, or closes the
 * socket with the packet unread. The sender can make this closing block for as long as it likes, as
 * with SO_LINGER on a TCP socket. The loop must therefore do neither, and this thread sets an
 * alarm. A descriptor that nobody asked for never gets into the table of this process.
 */
final class Disposal implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(Disposal.class.getName());
    private static final Duration PATIENCE = Duration.ofMillis(2);
    private static final long TIME_TO_END_SECONDS = 1;

    /** The greatest number of packets of one client that are read before its socket is closed. */
    private static final int PACKETS = 32;

    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("eventfdd-fd-disposal").factory());
    private final PacketBuffer noRoom = new PacketBuffer(1, 0);
    private @Nullable PacketBuffer room;
    private int roomForFds;
    private @Nullable ThreadAlarm alarm;

    private interface Call {
        void call() throws ErrnoException;
    }

    /** Decides about a packet with descriptors, on this thread. */
    interface Receiver {
        /**
         * The greatest number of descriptors that are wanted with {@code packet}; the kernel closes
         * the others. If it is 0, none of them gets into this process.
         */
        int wanted(byte[] packet);

        /** The packet was taken, and the receiver owns its descriptors. */
        void taken(Received.Packet packet) throws ErrnoException;

        /** The packet was dropped. */
        void dropped();

        /** The packet could not be taken, and may be the next one still. */
        void failed(ErrnoException why);
    }

    /**
     * Takes the next packet of {@code socket}, whose descriptors {@code receiver} wants, or drops
     * it.
     */
    void take(SeqPacketSocket socket, Receiver receiver) {
        // The loop may close the socket at any time, but not during this call.
        boolean open = socket.fd().acquire();
        assert open;
        thread.execute(() -> {
            briefly(() -> {
                try {
                    takeNext(socket, receiver);
                } finally {
                    socket.fd().release();
                }
            });
        });
    }

    private void takeNext(SeqPacketSocket socket, Receiver receiver) throws ErrnoException {
        try {
            int wanted = receiver.wanted(socket.peekBytes(room(0)));
            if (wanted > 0 && socket.receive(room(wanted)) instanceof Received.Packet packet) {
                receiver.taken(packet);
            } else {
                socket.receive(noRoom);
                receiver.dropped();
            }
        } catch (ErrnoException e) {
            receiver.failed(e);
            throw e;
        }
    }

    /** A buffer for a packet, with room for {@code fds} descriptors, or for none. */
    private PacketBuffer room(int fds) {
        if (room == null || (fds > 0 && fds != roomForFds)) {
            room = new PacketBuffer(OpenRequest.MAX_PACKET, fds);
            roomForFds = fds;
        }
        return room;
    }

    /** Closes {@code socket}, with any packets that are unread in it. */
    void close(SeqPacketSocket socket) {
        thread.execute(() -> briefly(socket::close));
    }

    /**
     * Closes {@code socket}, whose client has gone, and then runs {@code next}. Packets of the
     * client that {@code receiver} wants are taken first: they may hold the last descriptors of an
     * eventfd.
     */
    void close(SeqPacketSocket socket, Receiver receiver, Runnable next) {
        thread.execute(() -> {
            briefly(() -> {
                for (int i = 0; i < PACKETS; i++) {
                    switch (socket.peek(room(0)).next()) {
                        case PACKET -> socket.receive(noRoom);
                        case PACKET_WITH_FDS -> takeNext(socket, receiver);
                        case NOTHING_YET, EMPTY_PACKET, END -> {
                            return;
                        }
                    }
                }
            });
            briefly(socket::close);
            next.run();
        });
    }

    /**
     * Closes {@code socket} and runs {@code next}, for a client that has still to read its last
     * reply. If anything were unread at the close, the client would get ECONNRESET before the
     * reply.
     */
    void dismiss(SeqPacketSocket socket, Runnable next) {
        thread.execute(() -> {
            briefly(() -> {
                for (int i = 0; i < PACKETS; i++) {
                    if (!(socket.receive(noRoom) instanceof Received.Packet)) {
                        return;
                    }
                }
            });
            briefly(socket::close);
            next.run();
        });
    }

    private void briefly(Call call) {
        setAlarm(true);
        try {
            call.call();
        } catch (ErrnoException e) {
            LOGGER.log(Level.DEBUG, "while letting go: {0}", e.getMessage());
        } finally {
            setAlarm(false);
        }
    }

    /**
     * Without the alarm, the next call takes as long as the sender likes, and other closings wait.
     */
    private void setAlarm(boolean on) {
        try {
            if (alarm == null) {
                alarm = ThreadAlarm.ofCurrentThread();
            }
            if (on) {
                alarm.set(PATIENCE);
            } else {
                alarm.clear();
            }
        } catch (ErrnoException e) {
            LOGGER.log(
                    Level.WARNING,
                    "cannot set an alarm before closing descriptors: {0}",
                    e.getMessage());
        }
    }

    /** Waits a moment for the closings that are still to be done. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(TIME_TO_END_SECONDS, TimeUnit.SECONDS)) {
                LOGGER.log(Level.DEBUG, "the kernel closes the rest with the process");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
