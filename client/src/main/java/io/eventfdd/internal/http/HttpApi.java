package io.eventfdd.internal.http;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.Outage;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The calls on {@code api.sock}: takes a connection for each, and makes it again where that is
 * safe. Safe for all threads.
 */
final class HttpApi implements AutoCloseable {
    /** How often a call is sent, the first time included. */
    private static final int TRIES = 3;

    /** How long to ask what became of a call that was ended. */
    private static final Duration SETTLING = Duration.ofSeconds(3);

    /** How long the daemon may take to hear that a connection ended. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** How long a close may take to tell the daemon the last keys that are done. */
    private static final Duration LAST_WORD = Duration.ofMillis(200);

    private final Path socket;
    private final Duration patience;
    private final Duration outage;
    private final HttpConnections connections;

    /** Whether a daemon was ever there: if not, there is no use in waiting for the next one. */
    private volatile boolean wasThere;

    /** What tells the keys of the daemon that answered last; empty where that is not known. */
    private volatile String keys = "";

    private final DoneKeys done = new DoneKeys(System::nanoTime);

    /**
     * The calls on {@code socket}.
     *
     * @param patience how long an answer may take that is not waited for
     * @param outage how long the daemon may be away between two that follow each other
     */
    HttpApi(Path socket, Duration patience, Duration outage) {
        this.socket = socket;
        this.connections = new HttpConnections(socket);
        this.patience = patience;
        this.outage = outage;
    }

    /** A call that does not wait; an interrupt is kept for later. */
    HttpAnswer call(HttpCall call) {
        return call(call, patience, outage, new HttpWait());
    }

    private HttpAnswer call(HttpCall call, Duration longest, Duration away, HttpWait handle) {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return send(
                            call,
                            longest,
                            new Outage(wasThere ? away : Duration.ZERO, false),
                            false,
                            handle);
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
        var away = new Outage(wasThere ? outage : Duration.ZERO, true);
        return send(call, patience.plus(wait), away, true, handle);
    }

    /**
     * A call that puts back what nobody wants any more; neither an interrupt nor the client's close
     * ends it.
     *
     * @param wait how long the daemon may take
     */
    HttpAnswer callLate(HttpCall call, Duration wait) {
        return call(call, patience.plus(wait), outage, HttpWait.late());
    }

    /**
     * The answer to a call with a key that was ended before its answer came; empty where the daemon
     * has not carried it out, and never will. Where no daemon says which within three seconds, it
     * is empty too: what a key keeps goes back when it lapses.
     *
     * @param look changes nothing
     */
    Optional<HttpAnswer> lateAnswer(HttpCall call, HttpCall look) {
        try {
            return settle(call.instead(look)).is(ProblemType.IDEMPOTENCY_KEY_REUSED)
                    ? Optional.of(settle(call))
                    : Optional.empty();
        } catch (EventfddException e) {
            return Optional.empty(); // The daemon is not there.
        }
    }

    private HttpAnswer settle(HttpCall call) {
        return call(call, SETTLING, Duration.ZERO, HttpWait.settling());
    }

    /** Sends {@code call}, to the next daemon where one ends under it and that is safe. */
    private HttpAnswer send(
            HttpCall call, Duration longest, Outage away, boolean interruptible, HttpWait handle)
            throws InterruptedException {
        long start = System.nanoTime();
        boolean cutOff = handle.settles();
        var sentTo = "";
        @Nullable ConnectionLostException sentBefore = null;
        for (int tries = 1; ; tries++) {
            HttpConnection connection;
            try {
                connection = connections.take(handle);
            } catch (DaemonUnavailableException e) {
                if (handle.isEnded() || !away.pause()) {
                    throw sentBefore != null ? sentBefore : e;
                }
                tries--;
                continue;
            }
            boolean mayBeDone = false;
            try {
                handle.begin(connection);
                if (call.repeats() == HttpCall.Repeats.WITH_ITS_KEY) {
                    if (sentBefore == null) {
                        sentTo = keys.isEmpty() ? learnKeys(connection) : keys;
                    } else if (!learnKeys(connection).equals(sentTo)) {
                        throw sentBefore;
                    }
                }
                mayBeDone = true;
                var answer = exchange(connection, call, longest, interruptible);
                wasThere = true;
                if (cutOff
                        && answer.is(ProblemType.IDEMPOTENCY_KEY_IN_USE)
                        && System.nanoTime() - start < longest.toNanos()) {
                    // The daemon has not heard yet that the first connection ended.
                    LockSupport.parkNanos(PAUSE_NANOS);
                    tries--;
                } else if (!answer.is(ProblemType.SHUTTING_DOWN) || !away.pause()) {
                    noteDone(call, answer, cutOff);
                    return answer;
                } else {
                    tries--;
                }
            } catch (ClosedByInterruptException e) {
                Thread.interrupted();
                throw new InterruptedException();
            } catch (IOException e) {
                if (connections.isClosed() && !handle.outlivesClient()) {
                    throw Failures.clientClosed();
                }
                // The others that are idle are mostly of the same daemon, and as dead.
                connections.discardIdle();
                boolean notSent = !mayBeDone || e instanceof UnixSocket.NotSentException;
                var lost = lost(call, e);
                cutOff |= !notSent;
                if (connection.isAborted()
                        || e instanceof SocketTimeoutException
                        || tries == TRIES
                        || !(notSent || call.repeats() != HttpCall.Repeats.NEVER)) {
                    throw notSent && sentBefore == null ? connections.unavailable(e) : lost;
                }
                if (!notSent && call.repeats() != HttpCall.Repeats.ALWAYS) {
                    sentBefore = lost;
                }
            } finally {
                handle.over();
                connections.giveBack(connection);
            }
        }
    }

    /** Sends {@code call} once, and with it the keys that are done. */
    private HttpAnswer exchange(
            HttpConnection connection, HttpCall call, Duration longest, boolean interruptible)
            throws IOException {
        var keys = done.take();
        boolean answered = false;
        try {
            var answer = connection.exchange(call.withDone(keys), longest, interruptible);
            answered = true;
            return answer;
        } finally {
            if (!answered) {
                done.putBack(keys);
            }
        }
    }

    /**
     * The key of {@code call} is done where its answer is one that the daemon keeps.
     *
     * @param cutOff whether the call was sent on another connection as well
     */
    private void noteDone(HttpCall call, HttpAnswer answer, boolean cutOff) {
        if (answer.isKept()) {
            call.key().ifPresent(cutOff ? done::addLater : done::add);
        }
    }

    /** Finds out whose keys the daemon at the other end of {@code connection} knows. */
    private String learnKeys(HttpConnection connection) throws IOException {
        var learned = connection.exchange(HttpCall.get("/v1"), patience, false).keys();
        keys = learned;
        return learned;
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

    Path socket() {
        return socket;
    }

    /**
     * Ends all calls. The keys that are done are told to the daemon, if a connection is there for
     * that and it answers at once; else they lapse in time.
     */
    @Override
    public void close() {
        connections.close(this::sayLast);
    }

    private void sayLast(HttpConnection connection) {
        var keys = done.take();
        if (!keys.isEmpty()) {
            boolean interrupted = Thread.interrupted();
            try {
                connection.exchange(HttpCall.get("/v1").withDone(keys), LAST_WORD, false);
            } catch (IOException e) {
                // They lapse.
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }
}
