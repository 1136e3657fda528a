package io.eventfdd.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * A connected Unix socket in the form in which HttpComponents takes one. Theirs leaves two
 * selectors behind when it is closed, and with them the connection: the daemon would not learn that
 * a client has gone.
 *
 * <p>It blocks without a timeout: who has no patience closes it from another thread. An interrupt
 * closes it too; what had been received by then is not lost.
 */
final class UnixSocket extends Socket {
    private final SocketChannel channel;

    private UnixSocket(SocketChannel channel) {
        this.channel = channel;
    }

    static UnixSocket connect(Path path) throws IOException {
        var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(path));
            return new UnixSocket(channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
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
                try {
                    return channel.read(buffer);
                } catch (ClosedByInterruptException e) {
                    // The interrupt came after the kernel had given the bytes away: to the daemon
                    // they are taken.
                    int received = buffer.position() - offset;
                    if (received > 0) {
                        return received;
                    }
                    throw e;
                }
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
                        channel.write(buffer);
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

    @Override
    @SuppressWarnings(
            "UnsynchronizedOverridesSynchronized") // it is to end a read that is under way
    public void close() throws IOException {
        channel.close();
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
