package io.eventfdd.server.http.transport;

import io.eventfdd.internal.linux.DescriptorReserve;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.UnixListener;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A listener whose accept does not fail for want of file descriptors or memory.
 *
 * <p>It keeps one descriptor in reserve. If the process has no other, it gives that one up for the
 * next client. If it then cannot fill the reserve again, it tells the client so and closes the
 * connection, because otherwise the client would hang. After any other failure it pauses and tries
 * again. An outage is logged when it begins and when it ends.
 *
 * <p>One thread calls {@link #accept}, and any thread the rest; only one thread at a time may
 * change the socket that it listens on.
 */
public final class PatientListener implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(PatientListener.class.getName());
    private static final Duration PAUSE = Duration.ofMillis(50);

    /** The time for clients that connected before a {@link #moveTo} and are not accepted yet. */
    private static final Duration TIME_TO_MOVE = Duration.ofSeconds(1);

    private volatile ServerSocketChannel listener;
    private final byte[] refusal;
    private final CountDownLatch admitting = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final CountDownLatch through = new CountDownLatch(1);
    private final DescriptorReserve reserve = new DescriptorReserve();
    private boolean outage;

    /**
     * Creates a listener that accepts on {@code listener} once it {@linkplain #admit admits}
     * clients, and closes that in the end.
     *
     * @param refusal the whole HTTP response for a client for which there is no descriptor
     */
    PatientListener(ServerSocketChannel listener, byte[] refusal) {
        this.listener = listener;
        this.refusal = refusal;
        reserve.refill();
    }

    /**
     * Waits for the next client, as long as it takes.
     *
     * @throws ClosedChannelException once this is closed, and nothing else
     */
    SocketChannel accept() throws IOException {
        await(admitting);
        while (true) {
            var from = listener;
            try {
                var client = from.accept();
                if (reserve.refill()) {
                    outageEnds();
                    return client;
                }
                refuse(client);
                reserve.refill(); // with what the client had
            } catch (ClosedChannelException e) {
                if (!from.equals(listener)) {
                    continue; // moved
                }
                through.countDown();
                await(closed);
                throw new AsynchronousCloseException();
            } catch (IOException e) {
                outageBegins(e);
                if (!reserve.giveUp() && pause()) {
                    throw new AsynchronousCloseException();
                }
            }
        }
    }

    private void refuse(SocketChannel client) {
        try (client) {
            client.write(ByteBuffer.wrap(refusal));
        } catch (IOException e) {
            LOGGER.log(
                    Level.DEBUG, "a client that was to be refused has gone: {0}", e.getMessage());
        }
    }

    private void outageBegins(IOException why) {
        if (!outage) {
            outage = true;
            LOGGER.log(Level.WARNING, "cannot accept connections: {0}; retrying", why.getMessage());
        }
    }

    private void outageEnds() {
        if (outage) {
            outage = false;
            LOGGER.log(Level.INFO, "accepting connections again");
        }
    }

    /** Pauses. Returns true if this was closed meanwhile. */
    private boolean pause() throws AsynchronousCloseException {
        try {
            return closed.await(PAUSE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private static void await(CountDownLatch latch) throws AsynchronousCloseException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private static AsynchronousCloseException interrupted() {
        Thread.currentThread().interrupt();
        return new AsynchronousCloseException();
    }

    /** Accepts clients from now on, and first those that have connected already. */
    void admit() {
        admitting.countDown();
    }

    /** Another descriptor of the socket, which goes on listening when this is closed. */
    Fd duplicate() throws IOException {
        return UnixListeners.fd(listener).duplicate();
    }

    /**
     * Accepts on {@code next} from now on, and closes that in the end. Nobody can connect to the
     * previous socket any more; clients that already have are accepted first.
     */
    void moveTo(ServerSocketChannel next) throws IOException {
        var before = listener;
        long start = System.nanoTime();
        while (UnixListener.isAwaited(UnixListeners.fd(before))
                && System.nanoTime() - start < TIME_TO_MOVE.toNanos()) {
            LockSupport.parkNanos(PAUSE.toNanos() / 50);
        }
        listener = next;
        before.close();
    }

    /** Whether clients can still connect. */
    boolean isListening() {
        return listener.isOpen();
    }

    /**
     * Lets nobody connect any more, while {@link #accept} goes on waiting: if it ended, Helidon
     * would stop itself, and hang.
     */
    void stopListening() throws IOException {
        listener.close();
        admit(); // so that whoever waits to accept learns of it
    }

    /**
     * Waits until the thread that accepts has come back for another client once nobody listens any
     * more: all that came are in the hands of others then. Returns false if it has not after {@code
     * time}.
     */
    public boolean awaitLast(Duration time) throws InterruptedException {
        return through.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void close() throws IOException {
        listener.close();
        admit();
        closed.countDown();
        reserve.giveUp();
    }
}
