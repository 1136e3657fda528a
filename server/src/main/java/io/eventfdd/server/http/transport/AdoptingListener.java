package io.eventfdd.server.http.transport;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;

/**
 * A listening channel that gets its socket when it is bound: that which {@link UnixListeners} has
 * on offer for the address.
 */
final class AdoptingListener extends ServerSocketChannel {
    private final UnixListeners listeners;
    private volatile @Nullable PatientListener adopted;
    private volatile @Nullable SocketAddress bound;

    AdoptingListener(UnixListeners listeners) {
        super(listeners);
        this.listeners = listeners;
    }

    @Override
    public ServerSocketChannel bind(SocketAddress address, int backlog) throws IOException {
        if (adopted != null) {
            throw new AlreadyBoundException();
        }
        var prepared = listeners.take(address);
        adopted = prepared.isPresent() ? prepared.get() : listeners.listenPlainly(address, backlog);
        bound = address;
        return this;
    }

    private PatientListener listener() {
        var listener = adopted;
        if (listener == null) {
            throw new NotYetBoundException();
        }
        return listener;
    }

    @Override
    public SocketChannel accept() throws IOException {
        boolean done = false;
        try {
            begin();
            var channel = listener().accept();
            done = true;
            return channel;
        } finally {
            end(done);
        }
    }

    @Override
    public SocketAddress getLocalAddress() {
        var address = bound;
        if (address == null) {
            throw new NotYetBoundException();
        }
        return address;
    }

    @Override
    public <T> ServerSocketChannel setOption(SocketOption<T> option, T value) {
        throw new UnsupportedOperationException(option + " on a Unix socket");
    }

    @Override
    public <T> T getOption(SocketOption<T> option) {
        throw new UnsupportedOperationException(option + " on a Unix socket");
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return Set.of();
    }

    @Override
    public ServerSocket socket() {
        throw new UnsupportedOperationException("a Unix socket");
    }

    @Override
    protected void implCloseSelectableChannel() throws IOException {
        var listener = adopted;
        if (listener != null) {
            listener.close();
        }
    }

    @Override
    protected void implConfigureBlocking(boolean block) {
        if (!block) {
            throw new UnsupportedOperationException("this listener blocks");
        }
    }
}
