package io.eventfdd.server.http.transport;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.InheritedFds.SocketType;
import io.eventfdd.internal.linux.UnixListener;
import io.eventfdd.internal.linux.UnixPeer;
import io.eventfdd.server.runtime.ListenerPlace;
import io.eventfdd.server.runtime.SocketFile;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.ServerSocketChannel;

/**
 * The listening socket of {@code api.sock} and its name: bound in place or inherited, and bound
 * anew if somebody removes the name. One thread at a time opens, restores, leaves or stops it; the
 * rest is for any.
 */
public final class ApiListener {
    private static final System.Logger LOGGER = System.getLogger(ApiListener.class.getName());

    /** No longer than the name of the socket itself, whose path has a limit. */
    private static final String SCRATCH = "scratch";

    private final ListenerPlace place;
    private final boolean refuseDescriptors;
    private final PatientListener connections;
    private volatile SocketFile file;

    private ApiListener(
            ListenerPlace place,
            boolean refuseDescriptors,
            PatientListener connections,
            SocketFile file) {
        this.place = place;
        this.refuseDescriptors = refuseDescriptors;
        this.connections = connections;
        this.file = file;
    }

    /**
     * Listens at {@code place}. Clients that connect wait until they are {@linkplain #admit
     * admitted}.
     *
     * @param refuseDescriptors whether the kernel refuses descriptors that clients send
     * @param refusal what a client is told if there is no descriptor for it: a whole HTTP response
     */
    public static ApiListener open(ListenerPlace place, boolean refuseDescriptors, byte[] refusal)
            throws IOException {
        var socket = place.inherited();
        var bound =
                socket == null
                        ? bind(place, refuseDescriptors)
                        : inherited(place, socket, refuseDescriptors);
        var connections = new PatientListener(bound.channel, refusal);
        return new ApiListener(place, refuseDescriptors, connections, bound.file);
    }

    /** A socket that listens, and its name. */
    private record Bound(ServerSocketChannel channel, SocketFile file) {}

    private static Bound inherited(ListenerPlace place, Fd socket, boolean refuseDescriptors)
            throws IOException {
        if (refuseDescriptors) {
            refuseDescriptors(socket);
        }
        var file = SocketFile.inherited(place);
        var channel = channel(place, socket);
        socket.close();
        return new Bound(channel, file);
    }

    private static Bound bind(ListenerPlace place, boolean refuseDescriptors) throws IOException {
        SocketFile.makeWay(place.path());
        // closed here, since the channel has a descriptor of its own
        try (var socket = UnixListener.bind(SocketType.BYTES, place.path(), SocketFile.AT_BIRTH)) {
            if (refuseDescriptors) {
                refuseDescriptors(socket);
            }
            var file = SocketFile.born(place);
            try {
                UnixListener.listen(socket, UnixListener.MAX_BACKLOG);
                return new Bound(channel(place, socket), file);
            } catch (IOException | RuntimeException e) {
                file.remove();
                throw e;
            }
        }
    }

    private static ServerSocketChannel channel(ListenerPlace place, Fd socket) throws IOException {
        var scratch = place.path().resolveSibling(SCRATCH);
        return UnixListeners.installed().adopt(socket, scratch);
    }

    private static void refuseDescriptors(Fd fd) {
        if (!UnixPeer.refuseDescriptors(fd)) {
            LOGGER.log(
                    Level.WARNING,
                    "this kernel cannot refuse descriptors (api-descriptors: refuse); it drops them"
                            + " instead");
        }
    }

    /** The source of the connections. */
    public PatientListener connections() {
        return connections;
    }

    /** Accepts clients from now on. */
    public void admit() {
        connections.admit();
    }

    /** Whether clients can connect. */
    public boolean isReachable() {
        return connections.isListening() && file.isReachable();
    }

    /**
     * Binds a socket anew if the name is ours and has gone; connections that there are go on.
     *
     * @return whether it did
     * @throws IOException if it cannot, if another process's socket is there now, or if the name is
     *     the service manager's to make
     */
    public boolean restore() throws IOException {
        if (!file.isToBeMade()) {
            return false;
        }
        var bound = bind(place, refuseDescriptors);
        try {
            connections.moveTo(bound.channel);
            file = bound.file;
            return true;
        } catch (IOException | RuntimeException e) {
            bound.file.remove();
            bound.channel.close();
            throw e;
        }
    }

    /** Hands the socket over: clients go on to connect, and its name stays. */
    public Fd leave() throws IOException {
        var copy = connections.duplicate();
        file.leave();
        connections.stopListening();
        return copy;
    }

    /** Lets no one connect any more. */
    public void stop() throws IOException {
        file.remove();
        connections.stopListening();
    }

    /** Undoes {@link #open}: removes the name and closes the socket. */
    public void discard() throws IOException {
        file.remove();
        connections.close();
    }
}
