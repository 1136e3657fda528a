package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
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

    /** How often one that goes on in spite of interrupts is sent. */
    private static final int INTERRUPTED_TRIES = 10;

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
            for (int i = 1; ; i++) {
                try {
                    return send(call, Duration.ZERO, new HttpWait());
                } catch (InterruptedException e) {
                    interrupted = true;
                    if (i == INTERRUPTED_TRIES || call.repeats() == HttpCall.Repeats.NEVER) {
                        throw lost(call, "this thread was interrupted", e);
                    }
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
        return send(call, wait, handle);
    }

    private HttpAnswer send(HttpCall call, Duration wait, HttpWait handle)
            throws InterruptedException {
        for (int i = 1; ; i++) {
            var connection = take();
            try {
                handle.begin(connection);
                return connection.exchange(call, patience.plus(wait));
            } catch (ClosedByInterruptException e) {
                Thread.interrupted();
                throw new InterruptedException();
            } catch (IOException e) {
                discardIdle();
                if (closed) {
                    throw clientClosed();
                }
                if (connection.isAborted()) {
                    throw lost(call, "there was no answer in time", e);
                }
                if (i == TRIES || !mayRepeat(call, connection, e)) {
                    throw e instanceof UnixSocket.NotSentException
                            ? unavailable(e)
                            : lost(call, "the connection ended", e);
                }
            } finally {
                handle.over();
                giveBack(connection);
            }
        }
    }

    private boolean mayRepeat(HttpCall call, HttpConnection connection, IOException failure) {
        // A write to a peer that has gone fails at once on such a socket: what was sent, arrived.
        return failure instanceof UnixSocket.NotSentException
                || switch (call.repeats()) {
                    case NEVER -> false;
                    case TO_THE_SAME_DAEMON -> connection.isOfDaemonAt(socket);
                    case ALWAYS -> true;
                };
    }

    private ConnectionLostException lost(HttpCall call, String why, Exception cause) {
        return new ConnectionLostException(
                call + " on " + socket + ": " + why + "; whether it was carried out is not known",
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

    private HttpConnection take() throws InterruptedException {
        if (closed) {
            throw clientClosed();
        }
        var connection = idle.pollFirst();
        if (connection != null) {
            idleCount.decrementAndGet();
        } else {
            connection = open();
        }
        busy.add(connection);
        if (closed) {
            giveBack(connection);
            throw clientClosed();
        }
        return connection;
    }

    private HttpConnection open() throws InterruptedException {
        try {
            return HttpConnection.open(socket);
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw new InterruptedException();
        } catch (IOException e) {
            throw unavailable(e);
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

    /** After one of them failed: where the daemon went, all of them are dead. */
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
