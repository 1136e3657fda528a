package io.eventfdd.server.http;

import io.eventfdd.linux.Fd;
import io.eventfdd.linux.UnixListener;
import io.eventfdd.linux.UnixPeer;
import io.eventfdd.server.runtime.ListenerPlace;
import io.eventfdd.server.runtime.SocketFile;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;

/**
 * The listening socket of {@code api.sock} and its name: bound in place or inherited, and bound
 * anew if somebody removes the name. One thread at a time opens, restores, leaves or stops it; the
 * rest is for any.
 */
final class ApiListener {
    private static final System.Logger LOG = System.getLogger(ApiListener.class.getName());

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
     * Listens at {@code place}.
     *
     * @param refuseDescriptors whether the kernel refuses descriptors that clients send
     * @param refusal what a client is told if there is no descriptor for it: a whole HTTP response
     */
    static ApiListener open(ListenerPlace place, boolean refuseDescriptors, byte[] refusal)
            throws IOException {
        if (place.inherited().isEmpty()) {
            SocketFile.makeWay(place.path());
            var channel = bind(place, refuseDescriptors);
            return open(place, refuseDescriptors, refusal, channel, SocketFile::born);
        }
        var inherited = place.inherited().get();
        if (refuseDescriptors) {
            refuseDescriptors(inherited);
        }
        var scratch = place.path().resolveSibling(SCRATCH);
        var channel = UnixListeners.installed().adopt(inherited, scratch);
        inherited.close();
        return open(place, refuseDescriptors, refusal, channel, SocketFile::inherited);
    }

    private static ServerSocketChannel bind(ListenerPlace place, boolean refuseDescriptors)
            throws IOException {
        var channel = UnixListeners.installed().open();
        try {
            var fd = UnixListeners.fd(channel);
            if (refuseDescriptors) {
                refuseDescriptors(fd);
            }
            UnixListener.restrictFile(fd, SocketFile.AT_BIRTH);
            return channel.bind(UnixDomainSocketAddress.of(place.path()), UnixListener.MAX_BACKLOG);
        } catch (IOException e) {
            channel.close();
            throw new IOException("cannot listen on " + place.path() + ": " + e.getMessage(), e);
        }
    }

    private static void refuseDescriptors(Fd fd) {
        if (!UnixPeer.refuseDescriptors(fd)) {
            LOG.log(Level.WARNING, "this kernel cannot refuse descriptors: they are dropped");
        }
    }

    /** How a name comes to be known. */
    private interface Naming {
        SocketFile name(ListenerPlace place) throws IOException;
    }

    private static ApiListener open(
            ListenerPlace place,
            boolean refuseDescriptors,
            byte[] refusal,
            ServerSocketChannel channel,
            Naming naming)
            throws IOException {
        try {
            var file = naming.name(place);
            try {
                var connections = new PatientListener(channel, refusal);
                return new ApiListener(place, refuseDescriptors, connections, file);
            } catch (IOException e) {
                file.remove();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Where the connections come from. */
    PatientListener connections() {
        return connections;
    }

    /** Whether clients can connect. */
    boolean isReachable() {
        return connections.isListening() && file.isReachable();
    }

    /** Whether the name still leads to where it led. */
    boolean isThere() {
        return file.isThere();
    }

    /**
     * Binds a socket anew if the name is ours and has gone; connections that there are go on.
     *
     * @return whether it did
     * @throws IOException if it cannot, or another process's socket is there now
     */
    boolean restore() throws IOException {
        if (!file.isOurs() || file.isThere()) {
            return false;
        }
        SocketFile.makeWay(place.path());
        var channel = bind(place, refuseDescriptors);
        try {
            var born = SocketFile.born(place);
            connections.moveTo(channel);
            file = born;
            return true;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Hands the socket over: clients go on to connect, and its name stays. */
    Fd leave() throws IOException {
        var copy = connections.duplicate();
        file.leave();
        connections.stopListening();
        return copy;
    }

    /** Lets no one connect any more. */
    void stop() throws IOException {
        file.remove();
        connections.stopListening();
    }

    /** Undoes {@link #open}: removes the name and closes the socket. */
    void discard() throws IOException {
        file.remove();
        connections.close();
    }
}
