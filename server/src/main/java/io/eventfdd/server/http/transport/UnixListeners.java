package io.eventfdd.server.http.transport;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.InheritedFds;
import io.eventfdd.internal.linux.UnixListener;

import sun.nio.ch.DefaultSelectorProvider;
import sun.nio.ch.SelChImpl;

import java.io.IOException;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The JDK's channels, except that a listening Unix socket can be made before the library that
 * listens on it: Helidon opens and binds its listener itself, and dies of the first accept that
 * fails. Here it opens an {@link AdoptingListener}, and its {@code bind} to an {@link #offer
 * offered} address takes over the listener that was prepared for it.
 *
 * <p>So the daemon decides how the socket is bound, and it may be an {@linkplain #adopt inherited}
 * one.
 *
 * <p>The JDK makes one of these, for the whole process, if {@link #install} comes before any use of
 * NIO.
 */
public final class UnixListeners extends SelectorProvider {
    private static final String PROPERTY = "java.nio.channels.spi.SelectorProvider";

    private final SelectorProvider jdk = DefaultSelectorProvider.get();
    private final Map<SocketAddress, PatientListener> offered = new ConcurrentHashMap<>();

    /** Called by the JDK, which finds this class by its name. */
    public UnixListeners() {}

    /**
     * Makes this the provider of the channels of the process. A process has to do this before
     * anything else.
     *
     * @throws IllegalStateException if another one is in use already
     */
    public static void install() {
        System.setProperty(PROPERTY, UnixListeners.class.getName());
        installed();
    }

    /** The provider that is installed. */
    public static UnixListeners installed() {
        if (SelectorProvider.provider() instanceof UnixListeners listeners) {
            return listeners;
        }
        throw new IllegalStateException(
                "NIO was used before UnixListeners.install(), or " + PROPERTY + " names another");
    }

    private ServerSocketChannel open() throws IOException {
        return jdk.openServerSocketChannel(StandardProtocolFamily.UNIX);
    }

    /**
     * The channel of a socket that listens already, and listens again for this process: one that is
     * bound to {@code scratch} for a moment, and whose descriptor number leads to {@code
     * listener}'s socket from then on.
     *
     * @param listener stays the caller's to close
     */
    ServerSocketChannel adopt(Fd listener, Path scratch) throws IOException {
        InheritedFds.requireListener(listener, InheritedFds.SocketType.BYTES);
        UnixListener.listen(listener, UnixListener.MAX_BACKLOG);
        Files.deleteIfExists(scratch); // a killed one's
        var channel = open();
        try {
            var fd = fd(channel);
            UnixListener.restrictFile(fd, 0);
            channel.bind(UnixDomainSocketAddress.of(scratch), 1);
            Files.deleteIfExists(scratch);
            fd.replace(listener, () -> {}, () -> 0).ifPresent(Fd::close);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** The descriptor of {@code listener}, which is still open. */
    static Fd fd(ServerSocketChannel listener) throws IOException {
        if (listener instanceof SelChImpl socket) {
            return Fd.borrow(socket.getFDVal());
        }
        throw new IOException("a channel without a descriptor: " + listener);
    }

    /** What the JDK's own channel would be, for an address that nobody prepared anything for. */
    PatientListener listenPlainly(SocketAddress address, int backlog) throws IOException {
        var listener = open();
        try {
            var plain = new PatientListener(listener.bind(address, backlog), new byte[0]);
            plain.admit();
            return plain;
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    /**
     * Offers {@code listener} to the next channel that binds to {@code address}, in place of a
     * socket of its own.
     */
    public void offer(SocketAddress address, PatientListener listener) {
        offered.put(address, listener);
    }

    /** Withdraws an offer that perhaps was not taken. */
    public void withdraw(SocketAddress address) {
        offered.remove(address);
    }

    /** Takes the listener that was offered for {@code address}, if there is one. */
    Optional<PatientListener> take(SocketAddress address) {
        return Optional.ofNullable(offered.remove(address));
    }

    @Override
    public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) throws IOException {
        return family == StandardProtocolFamily.UNIX
                ? new AdoptingListener(this)
                : jdk.openServerSocketChannel(family);
    }

    @Override
    public DatagramChannel openDatagramChannel() throws IOException {
        return jdk.openDatagramChannel();
    }

    @Override
    public DatagramChannel openDatagramChannel(ProtocolFamily family) throws IOException {
        return jdk.openDatagramChannel(family);
    }

    @Override
    public Pipe openPipe() throws IOException {
        return jdk.openPipe();
    }

    @Override
    public AbstractSelector openSelector() throws IOException {
        return jdk.openSelector();
    }

    @Override
    public ServerSocketChannel openServerSocketChannel() throws IOException {
        return jdk.openServerSocketChannel();
    }

    @Override
    public SocketChannel openSocketChannel() throws IOException {
        return jdk.openSocketChannel();
    }

    @Override
    public SocketChannel openSocketChannel(ProtocolFamily family) throws IOException {
        return jdk.openSocketChannel(family);
    }
}
