package io.eventfdd.server.fdsocket;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.InheritedFds.SocketType;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.linux.UnixListener;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.runtime.ListenerPlace;
import io.eventfdd.server.runtime.SocketFile;

import java.io.IOException;

/**
 * The entrance for clients: a listening socket, its name, and its acceptor. The acceptor belongs to
 * the loop's thread, the rest to the thread that starts, restores or stops the server.
 */
record Door(SocketFile file, SeqPacketSocket listener, Acceptor acceptor) {
    /** Opens the entrance at {@code place}, with its inherited socket if it has one. */
    static Door open(ListenerPlace place, EventLoop loop, Acceptor.Host host) throws IOException {
        var inherited = place.inherited();
        return inherited == null
                ? bound(place, loop, host)
                : inherited(place, inherited, loop, host);
    }

    private static Door inherited(
            ListenerPlace place, Fd socket, EventLoop loop, Acceptor.Host host) throws IOException {
        var listener = SeqPacketSocket.adoptListener(socket);
        var file = SocketFile.inherited(place);
        return new Door(file, listener, new Acceptor(loop, listener, host));
    }

    /** Opens the entrance with a new socket. */
    static Door bound(ListenerPlace place, EventLoop loop, Acceptor.Host host) throws IOException {
        SocketFile.makeWay(place.path());
        var socket = UnixListener.bind(SocketType.PACKETS, place.path(), SocketFile.AT_BIRTH);
        try {
            var file = SocketFile.born(place);
            try {
                UnixListener.listen(socket, UnixListener.MAX_BACKLOG);
                var listener = SeqPacketSocket.adoptListener(socket);
                return new Door(file, listener, new Acceptor(loop, listener, host));
            } catch (IOException | RuntimeException e) {
                file.remove();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }
}
