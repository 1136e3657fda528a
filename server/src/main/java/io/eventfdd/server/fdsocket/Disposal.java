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
 * The thread that lets go of what clients sent and nobody wants.
 *
 * <p>A descriptor in a packet is closed, where it is the last of its file, by whoever drops the
 * packet: takes it without room for descriptors, or closes the socket over it. Closing may block as
 * long as the sender likes; a TCP socket with SO_LINGER does. So the loop must do neither, and this
 * thread has an alarm. No descriptor that nobody asked for ever comes into this process's table.
 */
final class Disposal implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(Disposal.class.getName());
    private static final Duration PATIENCE = Duration.ofMillis(2);
    private static final long TIME_TO_END_SECONDS = 1;

    /** How much is looked at of what a client has sent already, at most. */
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

    /** What is to be done about a packet with descriptors, on this thread. */
    interface Receiver {
        /**
         * The most descriptors that are wanted with {@code packet}; the kernel closes the others.
         * If it is 0, none of them comes into this process.
         */
        int wanted(byte[] packet);

        /** It was taken, and its descriptors are the receiver's. */
        void taken(Received.Packet packet) throws ErrnoException;

        /** It was dropped. */
        void dropped();
    }

    /**
     * Takes the next packet of {@code socket}, whose descriptors {@code receiver} wants, or drops
     * it.
     */
    void take(SeqPacketSocket socket, Receiver receiver) {
        // The loop may close it at any time, but must not do so under this call.
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
            receiver.dropped();
            throw e;
        }
    }

    /** Room for a packet, and for {@code fds} descriptors or none at all. */
    private PacketBuffer room(int fds) {
        if (room == null || (fds > 0 && fds != roomForFds)) {
            room = new PacketBuffer(OpenRequest.MAX_PACKET, fds);
            roomForFds = fds;
        }
        return room;
    }

    /** Closes {@code socket}, whatever is unread in it. */
    void close(SeqPacketSocket socket) {
        thread.execute(() -> briefly(socket::close));
    }

    /**
     * Closes {@code socket}, whose client has gone, and then does {@code next}. What the client
     * sent before that, and {@code receiver} wants, is taken first: it may be the last of its kind.
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
     * Closes {@code socket} and does {@code next}, for a client that is still there to read what it
     * was told: were anything unread at the close, it would be told ECONNRESET first.
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

    /** Without it, what follows takes as long as the sender likes: others of its kind wait. */
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
            LOGGER.log(Level.WARNING, "no alarm for closing: {0}", e.getMessage());
        }
    }

    /** Waits a moment for what is still to be closed. */
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
