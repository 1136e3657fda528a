package io.eventfdd.internal.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * A connected Unix socket in the form in which HttpComponents takes one. (The one that comes with
 * its client leaves selectors behind when it is closed, and with them the connection: the daemon
 * would not learn that its client has gone.)
 *
 * <p>It waits in a selector and not in a read, which an interrupt would end together with the
 * connection, and with what the read had just received: to the daemon that is taken. Here a wait
 * ends, and only when nothing is there. One thread at a time uses it; any may {@link #abort}.
 */
final class UnixSocket extends Socket {
    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private long end;
    private boolean interruptible;

    /** Whether an interrupt came that ended nothing. */
    private boolean interruptKept;

    private volatile boolean aborted;

    private UnixSocket(SocketChannel channel, Selector selector) throws IOException {
        this.channel = channel;
        this.selector = selector;
        channel.configureBlocking(false);
        this.key = channel.register(selector, 0);
    }

    /** Connects; an interrupt ends that. */
    static UnixSocket connect(Path path) throws IOException {
        var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(path));
            var selector = Selector.open();
            try {
                return new UnixSocket(channel, selector);
            } catch (IOException | RuntimeException e) {
                selector.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * From now on it waits no longer than until {@code nanoTime}.
     *
     * @param endsOnInterrupt whether an interrupt ends a wait with {@link
     *     ClosedByInterruptException}; else it is kept until {@link #end}
     */
    void begin(long nanoTime, boolean endsOnInterrupt) {
        end = nanoTime;
        interruptible = endsOnInterrupt;
    }

    /** After {@link #begin}: sets the status of an interrupt that was kept. */
    void end() {
        if (interruptKept) {
            interruptKept = false;
            Thread.currentThread().interrupt();
        }
    }

    private void await(int operation) throws IOException {
        if (aborted) {
            throw new AsynchronousCloseException();
        }
        if (Thread.currentThread().isInterrupted()) {
            if (interruptible) {
                throw new ClosedByInterruptException();
            }
            interruptKept |= Thread.interrupted();
        }
        long left = end - System.nanoTime();
        if (left <= 0) {
            throw new SocketTimeoutException("no answer in time");
        }
        key.interestOps(operation);
        selector.select((left + 999_999) / 1_000_000);
        selector.selectedKeys().clear();
    }

    @Override
    public InputStream getInputStream() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                var one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                var buffer = ByteBuffer.wrap(bytes, offset, length);
                int received = channel.read(buffer);
                while (received == 0) {
                    await(SelectionKey.OP_READ);
                    received = channel.read(buffer);
                }
                return received;
            }
        };
    }

    @Override
    public OutputStream getOutputStream() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                var buffer = ByteBuffer.wrap(bytes, offset, length);
                try {
                    while (buffer.hasRemaining()) {
                        if (channel.write(buffer) == 0) {
                            await(SelectionKey.OP_WRITE);
                        }
                    }
                } catch (ClosedByInterruptException e) {
                    throw e;
                } catch (IOException e) {
                    throw new NotSentException(e);
                }
            }
        };
    }

    /** A request of which the daemon did not get all, so that it was not carried out. */
    static final class NotSentException extends IOException {
        private static final long serialVersionUID = 1L;

        NotSentException(IOException cause) {
            super(cause);
        }
    }

    /** Ends the wait that is under way, and all to come. */
    void abort() {
        aborted = true;
        selector.wakeup();
    }

    /** Whether its other end is closed, or has sent what nobody asked for; does not block. */
    boolean hasEnded() {
        try {
            return channel.read(ByteBuffer.allocate(1)) != 0;
        } catch (IOException e) {
            return true;
        }
    }

    boolean isAborted() {
        return aborted;
    }

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // one thread at a time uses it
    public void close() throws IOException {
        channel.close();
        // Only now the connection is closed: it was registered there.
        selector.close();
    }

    @Override
    public boolean isClosed() {
        return !channel.isOpen();
    }

    @Override
    public boolean isConnected() {
        return channel.isConnected();
    }

    /** A notion of TCP, which HttpComponents sets before it closes in a hurry. */
    @Override
    public void setSoLinger(boolean on, int seconds) {}
}
