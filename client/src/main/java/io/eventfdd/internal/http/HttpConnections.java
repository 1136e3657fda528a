package io.eventfdd.internal.http;

import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.internal.Failures;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The connections of one client to {@code api.sock}, both busy and idle ones. Safe for all threads.
 */
public final class HttpConnections {
    private static final int MOST_IDLE = 16;

    private final Path socket;
    private final Duration patience;
    private final ConcurrentLinkedDeque<HttpConnection> idle = new ConcurrentLinkedDeque<>();
    private final AtomicInteger idleCount = new AtomicInteger();
    private final Set<HttpConnection> busy = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * Starts without a connection.
     *
     * @param patience how long the daemon may take to accept one
     */
    HttpConnections(Path socket, Duration patience) {
        this.socket = socket;
        this.patience = patience;
    }

    boolean isClosed() {
        return closed;
    }

    /** Takes a connection for a call, which has it alone. */
    HttpConnection take(CallHandle handle) throws InterruptedException {
        if (handle.outlivesClient()) {
            return open(handle::isEnded);
        } else if (closed) {
            throw Failures.clientClosed();
        }
        var connection = idle.pollFirst();
        if (connection != null) {
            idleCount.decrementAndGet();
            if (!connection.isFresh()) {
                // The others were used even longer ago.
                connection.close();
                discardIdle();
                connection = null;
            }
        }
        if (connection == null) {
            connection = open(() -> closed || handle.isEnded());
        }
        busy.add(connection);
        if (closed) {
            giveBack(connection);
            throw Failures.clientClosed();
        }
        return connection;
    }

    /**
     * Makes a new connection, which the caller owns.
     *
     * @param unwanted whether nobody wants the connection any more
     */
    HttpConnection open(BooleanSupplier unwanted) throws InterruptedException {
        try {
            return HttpConnection.open(socket, patience, unwanted);
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw new InterruptedException();
        } catch (IOException e) {
            throw HttpConnection.failure(socket, e);
        }
    }

    /** Takes {@code connection} back after a call. */
    void giveBack(HttpConnection connection) {
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

    /** Closes the connections that no call uses. */
    void discardIdle() {
        for (@Nullable HttpConnection connection = idle.pollFirst();
                connection != null;
                connection = idle.pollFirst()) {
            idleCount.decrementAndGet();
            connection.close();
        }
    }

    DaemonUnavailableException unavailable(IOException cause) {
        return Failures.unavailable(socket, cause);
    }

    /**
     * Ends the calls on all connections, and closes them.
     *
     * @param lastCall may use an idle connection, if there is one
     */
    void close(Consumer<? super HttpConnection> lastCall) {
        closed = true;
        busy.forEach(HttpConnection::abort);
        var connection = idle.pollFirst();
        if (connection != null) {
            idleCount.decrementAndGet();
            lastCall.accept(connection);
            connection.close();
        }
        discardIdle();
    }
}
