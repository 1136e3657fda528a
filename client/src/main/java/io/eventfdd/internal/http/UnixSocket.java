package io.eventfdd.internal.http;

import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Naps;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A connected Unix socket in the form that HttpComponents needs. (The one that comes with its
 * client leaves selectors behind when it is closed, and with them the connection, so the daemon
 * would not learn that its client has gone.)
 *
 * <p>It waits in a selector rather than in a read. An interrupt would end a read together with the
 * connection, and would lose data that the read had just received and that the daemon counts as
 * taken. Here an interrupt ends only a wait, and only if there is no data. One thread at a time
 * uses it; any thread may {@link #abort} it.
 */
final class UnixSocket extends Socket {
    private static final long BACKLOG_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private long end;
    private boolean interruptible;
    private Naps naps = new Naps();

    /** Whether an interrupt came that ended nothing. */
    private boolean interruptKept;

    private volatile boolean aborted;

    private UnixSocket() throws IOException {
        try {
            channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                selector = Selector.open();
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new NoDescriptorException(e);
        }
        // A thread that blocks in connect(2) would wait for a full backlog without a limit.
        channel.configureBlocking(false);
        key = channel.register(selector, 0);
    }

    /**
     * Connects. If the backlog of the daemon is full, it tries again, for at most {@code patience}.
     * An interrupt ends the attempt.
     *
     * @param unwanted whether nobody wants the connection any more, which ends the attempt too
     * @throws SocketTimeoutException if the backlog stayed full
     * @throws NoDescriptorException if this process has no descriptor left
     */
    static UnixSocket connect(Path path, Duration patience, BooleanSupplier unwanted)
            throws IOException {
        long start = System.nanoTime();
        while (true) {
            if (Thread.currentThread().isInterrupted()) {
                throw new ClosedByInterruptException();
            }
            var socket = new UnixSocket();
            try {
                socket.channel.connect(UnixDomainSocketAddress.of(path));
                return socket;
            } catch (IOException | RuntimeException e) {
                socket.close();
                if (!isBacklogFull(path, e)) {
                    throw e;
                }
                if (unwanted.getAsBoolean()) {
                    throw new AsynchronousCloseException();
                }
                if (System.nanoTime() - start >= patience.toNanos()) {
                    var late = new SocketTimeoutException("it accepts no connection in time");
                    late.initCause(e);
                    throw late;
                }
            }
            LockSupport.parkNanos(BACKLOG_PAUSE_NANOS);
        }
    }

    /**
     * Whether {@code failure} to connect to {@code path} is EAGAIN. Java tells it from the others
     * only by a text, whose language depends on the machine.
     */
    private static boolean isBacklogFull(Path path, Exception failure) {
        // If nobody listens, it is a subclass. Otherwise this user may not use the socket, or there
        // is none.
        return failure.getClass() == SocketException.class && Files.isWritable(path);
    }

    /**
     * Limits all waits from now on to {@code nanoTime}.
     *
     * @param endsOnInterrupt whether an interrupt ends a wait with {@link
     *     ClosedByInterruptException}; otherwise it is kept until {@link #end}
     */
    void begin(long nanoTime, boolean endsOnInterrupt) {
        end = nanoTime;
        interruptible = endsOnInterrupt;
        naps = new Naps();
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
        selector.select(naps.next(Deadline.millis(left)));
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

    /** Thrown if this process has no descriptor left for a connection (EMFILE). */
    static final class NoDescriptorException extends IOException {
        private static final long serialVersionUID = 1L;

        NoDescriptorException(IOException cause) {
            super("no open file is left for a connection: " + cause.getMessage(), cause);
        }
    }

    /** Thrown if the daemon did not get the whole request, so that it was not carried out. */
    static final class NotSentException extends IOException {
        private static final long serialVersionUID = 1L;

        NotSentException(IOException cause) {
            super(cause);
        }
    }

    /** Ends the current wait, and all later ones. */
    void abort() {
        aborted = true;
        selector.wakeup();
    }

    /** Whether the other end is closed, or has sent data without a request. It does not block. */
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
        // Only this closes the connection, which was registered there.
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

    // HttpComponents asks for these. Those of Socket would open a socket of TCP beside this one,
    // which nobody closes.

    @Override
    public @Nullable SocketAddress getRemoteSocketAddress() {
        return null;
    }

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // there is nothing to guard
    public int getSoTimeout() {
        return 0;
    }

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // there is nothing to guard
    public void setSoTimeout(int millis) {}

    /**
     * Does nothing: this is an option of TCP, which HttpComponents sets before it aborts a
     * connection.
     */
    @Override
    public void setSoLinger(boolean on, int seconds) {}
}
