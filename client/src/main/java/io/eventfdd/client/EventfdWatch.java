package io.eventfdd.client;

import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.http.CallHandle;
import io.eventfdd.internal.http.HttpCall;
import io.eventfdd.internal.http.HttpConnection;
import io.eventfdd.internal.http.ServerSentEvents;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.ProblemException;

import org.jspecify.annotations.Nullable;

import java.io.Closeable;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A stream of the counts of one eventfd, which takes nothing from it. It begins with the count at
 * this moment, and goes on with each change. Writes that are close together may make one count, and
 * a slow reader gets the newest count rather than each one; the last count always comes. {@link
 * EventfddClient#watch} begins a watch, which goes over HTTP whatever the client's transport. One
 * thread at a time may ask for the next count; any thread may close the watch.
 *
 * <pre>{@code
 * try (EventfdWatch watch = client.watch("orders")) {
 *     System.out.println(watch.next()); // 0
 *     orders.write(3);
 *     System.out.println(watch.next()); // 3
 * }
 * }</pre>
 *
 * <p>A watch ends with an exception that says why, and each later call throws it again: {@link
 * EventfdGoneException} if the eventfd was deleted, {@link ShuttingDownException} if the daemon
 * stops, and {@link ConnectionLostException} if the daemon is gone or was silent for a minute,
 * since it gives a sign of life more often than that.
 *
 * <p>A watch is one connection. Unlike a handle, it does not go on with the next daemon, since only
 * the application knows whether it matters what was counted in between. Begin another one after a
 * {@code ShuttingDownException} or a {@code ConnectionLostException}. {@link EventfddClient#watch}
 * does not wait for the next daemon: until that serves, it throws {@link
 * DaemonUnavailableException}. The first count of the new watch is the present one.
 */
public final class EventfdWatch implements Closeable {
    /** Several times what a daemon keeps still at most. */
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final EventfdName name;
    private final HttpConnection connection;
    private final Consumer<? super EventfdWatch> onClose;
    private final ReentrantLock asking = new ReentrantLock();

    /** Guarded by {@link #asking}, as what follows. */
    private final ServerSentEvents events;

    private long lastSign = System.nanoTime();
    private @Nullable EventfddException end;

    private final AtomicBoolean closed = new AtomicBoolean();

    private EventfdWatch(
            EventfdName name,
            HttpConnection connection,
            ServerSentEvents events,
            Consumer<? super EventfdWatch> onClose) {
        this.name = name;
        this.connection = connection;
        this.events = events;
        this.onClose = onClose;
    }

    /**
     * Begins one.
     *
     * @param patience how long the daemon may take for the beginning
     * @param handle with which another thread can end the beginning
     * @param onClose is told once, when it is closed
     */
    static EventfdWatch begin(
            Path socket,
            EventfdName name,
            Duration patience,
            CallHandle handle,
            Consumer<? super EventfdWatch> onClose)
            throws InterruptedException {
        var call = HttpCall.get("/v1/eventfds/" + name + "/watch");
        HttpConnection connection;
        try {
            connection = HttpConnection.open(socket, patience, handle::isEnded);
        } catch (ClosedByInterruptException e) {
            throw interrupted();
        } catch (IOException e) {
            throw HttpConnection.failure(socket, e);
        }
        try {
            handle.begin(connection);
            var events = new ServerSentEvents(connection.stream(call, patience));
            return new EventfdWatch(name, connection, events, onClose);
        } catch (ClosedByInterruptException e) {
            connection.close();
            throw interrupted();
        } catch (IOException e) {
            connection.close();
            throw new ConnectionLostException(call + " on " + socket + ": no answer", e);
        } catch (EventfddException e) {
            connection.close();
            throw e;
        } finally {
            handle.over();
        }
    }

    private static InterruptedException interrupted() {
        Thread.interrupted();
        return new InterruptedException();
    }

    /** The name of the eventfd. */
    public String name() {
        return name.value();
    }

    /**
     * Waits for the next count, an unsigned number.
     *
     * @throws InterruptedException if the thread was interrupted; the watch goes on
     */
    public long next() throws InterruptedException {
        return next(Deadline.NEVER).orElseThrow();
    }

    /**
     * Waits for the next count, but no longer than {@code timeout}; empty if none came.
     *
     * @throws InterruptedException if the thread was interrupted; the watch goes on
     */
    public OptionalLong next(Duration timeout) throws InterruptedException {
        return next(Deadline.in(timeout));
    }

    private OptionalLong next(Deadline deadline) throws InterruptedException {
        asking.lockInterruptibly();
        try {
            while (true) {
                var event = event(deadline);
                if (event == null) {
                    return OptionalLong.empty();
                }
                switch (event.type()) {
                    case "count" -> {
                        return OptionalLong.of(count(event.data()));
                    }
                    case "end" -> throw ended(problem(event.data()));
                    // What a later daemon may tell besides.
                    default -> {}
                }
            }
        } finally {
            asking.unlock();
        }
    }

    /** The next event; null at the deadline. */
    private ServerSentEvents.@Nullable Event event(Deadline deadline) throws InterruptedException {
        while (true) {
            if (closed.get()) {
                throw closedException();
            }
            if (end != null) {
                throw end;
            }
            long silence = lastSign + SILENCE_NANOS - System.nanoTime();
            boolean deadlineFirst = deadline.nanosLeft() <= silence;
            try {
                connection.waitUpTo(Math.min(deadline.nanosLeft(), silence));
                var event = events.next();
                lastSign = System.nanoTime();
                if (event.isPresent()) {
                    return event.get();
                }
            } catch (ClosedByInterruptException e) {
                throw interrupted();
            } catch (SocketTimeoutException e) {
                if (deadlineFirst) {
                    return null;
                }
                throw ended(lost("it was silent for too long", e));
            } catch (IOException e) {
                throw closed.get() ? closedException() : ended(lost("the connection ended", e));
            } finally {
                connection.waitNoLonger();
            }
        }
    }

    private EventfddException ended(EventfddException why) {
        end = why;
        return why;
    }

    private ConnectionLostException lost(String why, IOException cause) {
        return new ConnectionLostException("the watch on eventfd " + name + ": " + why, cause);
    }

    private ClosedEventfdException closedException() {
        return new ClosedEventfdException("the watch on eventfd " + name + " is closed", null);
    }

    private long count(byte[] data) {
        try {
            return JsonFields.parse(data).count("count", 0, -1, 0);
        } catch (ProblemException e) {
            throw ended(notOurs(e));
        }
    }

    private static EventfddException problem(byte[] data) {
        try {
            return Failures.of(ProblemDocument.from(JsonFields.parse(data)));
        } catch (ProblemException e) {
            return notOurs(e);
        }
    }

    private static DaemonFaultException notOurs(ProblemException e) {
        return new DaemonFaultException("not an event of eventfdd: " + e.getMessage(), null, e);
    }

    /** Ends the watch. A call that waits ends with {@link ClosedEventfdException}. */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        connection.abort();
        asking.lock();
        try {
            connection.close();
        } finally {
            asking.unlock();
        }
        onClose.accept(this);
    }

    @Override
    public String toString() {
        return "watch on eventfd " + name + (closed.get() ? " (closed)" : "");
    }
}
