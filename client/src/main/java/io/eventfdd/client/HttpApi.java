package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The calls on {@code api.sock}: takes a connection for each, and makes it again where that is
 * safe. Safe for all threads.
 */
final class HttpApi implements AutoCloseable {
    private static final int MOST_IDLE = 16;

    /** How often a call is sent, the first time included. */
    private static final int TRIES = 3;

    private final Path socket;
    private final Duration patience;
    private final ConcurrentLinkedDeque<HttpConnection> idle = new ConcurrentLinkedDeque<>();
    private final AtomicInteger idleCount = new AtomicInteger();
    private final Set<HttpConnection> busy = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * The calls on {@code socket}.
     *
     * @param patience how long an answer may take that is not waited for
     */
    HttpApi(Path socket, Duration patience) {
        this.socket = socket;
        this.patience = patience;
    }

    /** A call that does not wait; an interrupt is kept for later. */
    HttpAnswer call(HttpCall call) {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return send(call, patience, false, new HttpWait());
                } catch (InterruptedException e) {
                    // It came before the call was sent.
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * A call that the daemon answers within {@code wait}, and its normal time.
     *
     * @param handle with which somebody else can end it
     * @throws InterruptedException if the thread was interrupted and there was no answer
     */
    HttpAnswer call(HttpCall call, Duration wait, HttpWait handle) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        return send(call, patience.plus(wait), true, handle);
    }

    private HttpAnswer send(HttpCall call, Duration longest, boolean interruptible, HttpWait handle)
            throws InterruptedException {
        @Nullable ConnectionLostException sentBefore = null;
        for (int tries = 1; ; tries++) {
            var connection = take(sentBefore);
            try {
                handle.begin(connection);
                return connection.exchange(call, longest, interruptible);
            } catch (ClosedByInterruptException e) {
                Thread.interrupted();
                throw new InterruptedException();
            } catch (IOException e) {
                if (closed) {
                    throw clientClosed();
                }
                boolean notSent = e instanceof UnixSocket.NotSentException;
                var lost = lost(call, e);
                if (connection.isAborted()
                        || e instanceof SocketTimeoutException
                        || tries == TRIES
                        || !(notSent || mayRepeat(call, connection))) {
                    throw notSent && sentBefore == null ? unavailable(e) : lost;
                }
                if (!notSent && call.repeats() != HttpCall.Repeats.ALWAYS) {
                    sentBefore = lost;
                }
            } finally {
                handle.over();
                giveBack(connection);
            }
        }
    }

    private boolean mayRepeat(HttpCall call, HttpConnection connection) {
        return switch (call.repeats()) {
            case NEVER -> false;
            case TO_THE_SAME_DAEMON -> connection.isOfDaemonAt(socket);
            case ALWAYS -> true;
        };
    }

    private ConnectionLostException lost(HttpCall call, IOException cause) {
        return new ConnectionLostException(
                call
                        + " on "
                        + socket
                        + ": "
                        + (cause instanceof SocketTimeoutException
                                ? "there was no answer in time"
                                : "the connection ended")
                        + "; whether it was carried out is not known",
                cause);
    }

    private DaemonUnavailableException unavailable(IOException cause) {
        return new DaemonUnavailableException(
                "no daemon answers at " + socket + ": " + cause.getMessage(), cause);
    }

    static ClosedEventfdException clientClosed() {
        return new ClosedEventfdException("the client is closed", null);
    }

    // Connections

    /**
     * A connection.
     *
     * @param sentBefore what to throw where there is none to be had, since an earlier one took the
     *     call
     */
    private HttpConnection take(@Nullable ConnectionLostException sentBefore)
            throws InterruptedException {
        if (closed) {
            throw clientClosed();
        }
        var connection = idle.pollFirst();
        if (connection != null) {
            idleCount.decrementAndGet();
            if (!connection.isFresh()) {
                // Those that follow were used even longer ago.
                connection.close();
                discardIdle();
                connection = null;
            }
        }
        if (connection == null) {
            connection = open(sentBefore);
        }
        busy.add(connection);
        if (closed) {
            giveBack(connection);
            throw clientClosed();
        }
        return connection;
    }

    private HttpConnection open(@Nullable ConnectionLostException sentBefore)
            throws InterruptedException {
        try {
            return HttpConnection.open(socket);
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw new InterruptedException();
        } catch (IOException e) {
            throw sentBefore != null ? sentBefore : unavailable(e);
        }
    }

    private void giveBack(HttpConnection connection) {
        busy.remove(connection);
        if (closed || !connection.isReusable()) {
            connection.close();
        } else if (idleCount.incrementAndGet() > MOST_IDLE) {
            idleCount.decrementAndGet();
            connection.close();
        } else {
            idle.addFirst(connection);
            if (closed) {
                discardIdle();
            }
        }
    }

    private void discardIdle() {
        for (@Nullable HttpConnection connection = idle.pollFirst();
                connection != null;
                connection = idle.pollFirst()) {
            idleCount.decrementAndGet();
            connection.close();
        }
    }

    Path socket() {
        return socket;
    }

    /** Ends all calls. */
    @Override
    public void close() {
        closed = true;
        discardIdle();
        busy.forEach(HttpConnection::abort);
    }
}
