package io.eventfdd.server.handover;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.linux.SeqPacketSocket.Sent;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.Op;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.ProblemException;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The hand-over from one daemon to the next, over {@code fd.sock}. The new daemon asks. The old one
 * ends its calls, writes the {@linkplain Table table}, and sends its two listeners and then the
 * descriptors of its eventfds, each packet with their numbers in the table. At the end the new
 * daemon confirms that it can serve, and the old one ends without removing the sockets. If the new
 * daemon ends before that, the old one goes on. Up to that moment the new daemon serves nobody and
 * changes no eventfd, because the old one would know nothing of it.
 */
public final class Takeover {
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Duration PAUSE = Duration.ofMillis(1);

    /** The descriptors that a hand-over needs in the old daemon: its listeners a second time. */
    public static final int DESCRIPTORS = 2;

    private static final byte[] REQUEST = Json.bytes(Op.TAKEOVER.request());
    private static final byte[] THANKS = Json.bytes(Json.object().put("op", "taken-over"));
    private static final byte[] LISTENERS = Json.bytes(Json.object().put("listeners", 2));
    private static final byte[] END = Json.bytes(Json.object().put("end", true));

    private Takeover() {}

    // The new one

    /**
     * Asks the daemon at {@code socket} to hand over.
     *
     * @return empty if no daemon is there
     * @throws IOException if there is a daemon and it does not hand over
     */
    public static Optional<Bequest> from(Path socket) throws IOException {
        SeqPacketSocket connected;
        try {
            connected = SeqPacketSocket.connect(socket, PATIENCE);
        } catch (ErrnoException e) {
            return Optional.empty();
        }
        var fds = new ArrayList<Fd>();
        try {
            return Optional.of(new Bequest(receive(connected, fds), connected));
        } catch (IOException | ProblemException e) {
            connected.close();
            fds.forEach(Fd::close);
            throw new IOException("cannot take over from " + socket + ": " + e.getMessage(), e);
        }
    }

    /**
     * The descriptors from the old daemon, which ends when it is {@linkplain #thank thanked}, and
     * goes on if this process ends before that.
     */
    public record Bequest(Inheritance inheritance, SeqPacketSocket donor) {
        /** Confirms to the old daemon that this process can serve. */
        public void thank() throws IOException {
            try (donor) {
                donor.send(room(), THANKS, List.of(), PATIENCE);
            }
        }
    }

    private static PacketBuffer room() {
        return new PacketBuffer(OpenRequest.MAX_PACKET, PacketBuffer.MAX_FDS);
    }

    private static Inheritance receive(SeqPacketSocket socket, List<Fd> all) throws IOException {
        var room = room();
        if (socket.send(room, REQUEST, List.of(), PATIENCE) != Sent.DONE) {
            throw new IOException(reason(socket, room).orElse("it did not accept the request"));
        }
        var listeners = List.<Fd>of();
        var eventfds = new HashMap<Long, Fd>();
        while (true) {
            if (!(socket.receive(room, PATIENCE) instanceof Received.Packet packet)) {
                throw new IOException("it stopped answering");
            }
            all.addAll(packet.fds());
            if (packet.controlTruncated()) {
                throw new IOException(
                        "this process may not open as many files as the other daemon has");
            }
            var fields = JsonFields.parse(packet.bytes());
            if (fields.has("end")) {
                if (listeners.size() != 2) {
                    throw new IOException("it sent no listening sockets");
                }
                return new Inheritance(
                        Optional.of(listeners.get(0)),
                        Optional.of(listeners.get(1)),
                        true,
                        Map.copyOf(eventfds),
                        Optional.empty());
            } else if (fields.has("listeners")) {
                listeners = packet.fds();
            } else if (fields.has("ids")) {
                var ids = fields.integers("ids");
                if (ids.size() != packet.fds().size()) {
                    throw new IOException("its descriptors are not those that it announced");
                }
                for (int i = 0; i < ids.size(); i++) {
                    eventfds.put(ids.get(i), packet.fds().get(i));
                }
            } else {
                throw new IOException(fields.text("detail").orElse("it sent an unknown answer"));
            }
        }
    }

    /** The reason that the other daemon sent before it closed the connection. */
    private static Optional<String> reason(SeqPacketSocket socket, PacketBuffer room)
            throws IOException {
        return socket.receive(room, PATIENCE) instanceof Received.Packet packet
                ? JsonFields.parse(packet.bytes()).text("detail")
                : Optional.empty();
    }

    // The old one

    /**
     * Sends everything to {@code heir}.
     *
     * @param api the listener of {@code api.sock}
     * @param fd the listener of {@code fd.sock}
     * @param eventfds the descriptors of the eventfds by their numbers in the table, which is
     *     written already
     * @param letGo releases everything else that the heir needs to serve
     * @throws IOException if the heir does not serve; then this process still owns everything
     */
    public static void to(SeqPacketSocket heir, Fd api, Fd fd, Map<Long, Fd> eventfds, LetGo letGo)
            throws IOException {
        var room = room();
        send(heir, room, LISTENERS, List.of(api, fd));
        var ids = List.copyOf(eventfds.keySet());
        for (int from = 0; from < ids.size(); from += PacketBuffer.MAX_FDS) {
            var some = ids.subList(from, Math.min(ids.size(), from + PacketBuffer.MAX_FDS));
            var json = Json.object();
            var array = json.putArray("ids");
            some.forEach(array::add);
            var fds = some.stream().map(eventfds::get).toList();
            send(heir, room, Json.bytes(json), fds);
        }
        letGo.run();
        send(heir, room, END, List.of());
        if (!(heir.receive(room, PATIENCE) instanceof Received.Packet)) {
            throw new IOException("the other daemon did not confirm that it serves");
        }
    }

    /** Tells {@code heir} why there is no hand-over. */
    public static void refuse(SeqPacketSocket heir, String why) throws IOException {
        send(heir, room(), ProblemDocument.bytes(ProblemType.LIMIT.problem(why)), List.of());
    }

    /** An action of {@link #to} before the heir learns that it has everything. */
    @FunctionalInterface
    public interface LetGo {
        /** Runs the action. */
        void run() throws IOException;
    }

    private static void send(SeqPacketSocket heir, PacketBuffer room, byte[] packet, List<Fd> fds)
            throws IOException {
        var sent = heir.send(room, packet, fds, PATIENCE);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (sent == Sent.TOO_MANY_IN_FLIGHT && System.nanoTime() - deadline < 0) {
            // The kernel refuses a packet only because of earlier ones, which the heir is going to
            // take.
            LockSupport.parkNanos(PAUSE.toNanos());
            sent = heir.send(room, packet, fds, PATIENCE);
        }
        if (sent != Sent.DONE) {
            throw new IOException("the other daemon did not accept it: " + sent);
        }
    }
}
