package io.eventfdd.internal.http;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.Outage;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Makes calls on {@code api.sock}, and owns what they share: the connections, the keys that are
 * done, and the identity of the last daemon. {@link RepeatedCall} is one such call. Safe for all
 * threads.
 */
final class HttpCalls implements AutoCloseable {
    /** How long to ask what happened to a call that was ended. */
    private static final Duration SETTLING = Duration.ofSeconds(3);

    /** How long a close may take to send the daemon the last keys that are done. */
    private static final Duration LAST_WORD = Duration.ofMillis(200);

    private final Path socket;
    private final Duration patience;
    private final Duration outage;
    private final HttpConnections connections;

    private volatile boolean wasThere;

    /** The origin of the keys of the daemon that answered last; empty if that is not known. */
    private volatile String keys = "";

    private final DoneKeys done = new DoneKeys(System::nanoTime);

    /**
     * Creates the calls on {@code socket}.
     *
     * @param patience how long the answer of a call that does not wait may take
     * @param outage how long the time between one daemon and the next may be
     */
    HttpCalls(Path socket, Duration patience, Duration outage) {
        this.socket = socket;
        this.connections = new HttpConnections(socket, patience);
        this.patience = patience;
        this.outage = outage;
    }

    /** A call that does not wait; an interrupt is kept for later. */
    HttpAnswer call(HttpCall call) {
        return call(call, patience, outage, new CallHandle());
    }

    /**
     * A call that does not wait; an interrupt is kept for later.
     *
     * @param longest how long its answer may take
     * @param away how long the daemon may be away
     */
    HttpAnswer call(HttpCall call, Duration longest, Duration away, CallHandle handle) {
        var between = new Outage(away, false);
        var repeated = new RepeatedCall(this, () -> call, longest, between, false, handle);
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return repeated.answer();
                } catch (InterruptedException e) {
                    // The interrupt has ended an attempt to connect.
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
     * A call that the daemon answers within {@code wait} and the time for any answer.
     *
     * @param made makes the call, and makes it anew for another daemon, with the time that is left
     * @param handle with which another thread can end it
     * @throws InterruptedException if the thread was interrupted and there was no answer
     */
    HttpAnswer call(Supplier<HttpCall> made, Duration wait, CallHandle handle)
            throws InterruptedException {
        var between = new Outage(outage, true);
        var repeated = new RepeatedCall(this, made, patience.plus(wait), between, true, handle);
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        return repeated.answer();
    }

    /**
     * A call that puts back a value that nobody wants any more. Neither an interrupt nor the
     * client's close ends it.
     *
     * @param wait how long the daemon may take
     */
    HttpAnswer callLate(HttpCall call, Duration wait) {
        return call(call, patience.plus(wait), outage, CallHandle.late());
    }

    /**
     * The answer to a call with a key that does not wait, even if the call was ended; see the other
     * method.
     */
    HttpAnswer settled(HttpCall call, Supplier<HttpCall> look) {
        var handle = new CallHandle();
        try {
            return call(call, patience, outage, handle);
        } catch (ConnectionLostException | ClosedEventfdException e) {
            return lateAnswer(look, Duration.ZERO, handle, e);
        }
    }

    /**
     * The answer to a call with a key. A call that was ended (by an interrupt, which is then kept,
     * by its handle, or with the client) may have been carried out nevertheless; then this is the
     * answer that the daemon has kept for its key.
     *
     * <p>If a daemon may have got the call and is away, or about to end, the next one is waited
     * for: three seconds, or as long as an outage may be if the call was ended by its handle, so
     * that nobody waits for it.
     *
     * @param made makes the call, and makes it anew for another daemon, with the time that is left
     * @param look makes a call that changes nothing, if that is needed to ask for the answer
     */
    HttpAnswer settled(
            Supplier<HttpCall> made, Supplier<HttpCall> look, Duration wait, CallHandle handle)
            throws InterruptedException {
        try {
            return call(made, wait, handle);
        } catch (InterruptedException e) {
            try {
                var late = lateAnswer(look, SETTLING, handle, e);
                Thread.currentThread().interrupt();
                return late;
            } catch (ConnectionLostException inDoubt) {
                Thread.currentThread().interrupt();
                throw inDoubt;
            }
        } catch (ConnectionLostException | ClosedEventfdException e) {
            boolean longer = handle.isEnded() && outage.compareTo(SETTLING) > 0;
            return lateAnswer(look, longer ? outage : SETTLING, handle, e);
        }
    }

    /**
     * The answer to a call with a key that was ended before its answer came.
     *
     * @param look makes a call that changes nothing
     * @param away how long the daemon may be away
     * @param handle the handle of the call
     * @param end says how the call was ended
     * @throws E {@code end}, if the daemon has not carried it out, and never will. If no daemon
     *     says what became of a call that takes, it is {@code end} too: what its key keeps goes
     *     back when the key lapses
     * @throws ConnectionLostException if no daemon says what became of a call that adds
     */
    private <E extends Exception> HttpAnswer lateAnswer(
            Supplier<HttpCall> look, Duration away, CallHandle handle, E end) throws E {
        var call = handle.sent();
        if (call == null) {
            throw end;
        }
        boolean undone = call.repeats() == HttpCall.Repeats.ALWAYS;
        try {
            if (settle(call.instead(look.get()), away).is(ProblemType.IDEMPOTENCY_KEY_REUSED)) {
                return settle(call, away);
            }
            undone = undone || learnKeys(away).equals(handle.keys());
        } catch (EventfddException e) {
            // There is no daemon.
        }
        if (undone || end instanceof ConnectionLostException) {
            throw end;
        }
        throw lost(call, "it was ended, and no daemon says what became of it", end);
    }

    /**
     * As {@link #learnKeys(HttpConnection)}, on a connection of its own. The daemon may be away for
     * as long as {@code away}.
     */
    private String learnKeys(Duration away) {
        var learned = settle(HttpCall.get("/v1"), away).keys();
        keys = learned;
        return learned;
    }

    private HttpAnswer settle(HttpCall call, Duration away) {
        return call(call, SETTLING, away, CallHandle.settling());
    }

    /** Sends {@code call} once, together with the keys that are done. */
    HttpAnswer exchange(
            HttpConnection connection, HttpCall call, Duration longest, boolean interruptible)
            throws IOException {
        var keys = done.take();
        boolean answered = false;
        try {
            var answer = connection.exchange(call.withDone(keys), longest, interruptible);
            answered = true;
            wasThere = true;
            return answer;
        } finally {
            if (!answered) {
                done.putBack(keys);
            }
        }
    }

    /**
     * Notes that the key of {@code call} is done, if its answer is one that the daemon keeps.
     *
     * @param cutOff whether the call was sent on another connection as well
     */
    void noteDone(HttpCall call, HttpAnswer answer, boolean cutOff) {
        if (answer.isKept()) {
            call.key().ifPresent(cutOff ? done::addLater : done::add);
        }
    }

    /** Whether there was ever a daemon. If not, it is of no use to wait for the next one. */
    boolean wasThere() {
        return wasThere;
    }

    HttpConnections connections() {
        return connections;
    }

    /** As {@link #learnKeys}, unless the keys are known. */
    String knownOrLearntKeys(HttpConnection connection) throws IOException {
        var known = keys;
        return known.isEmpty() ? learnKeys(connection) : known;
    }

    /**
     * Asks the daemon at the other end of {@code connection} for the origin of its keys. It is
     * empty if the daemon does not say so, because it stops or has too many connections.
     */
    String learnKeys(HttpConnection connection) throws IOException {
        var learned = connection.exchange(HttpCall.get("/v1"), patience, false).keys();
        keys = learned;
        return learned;
    }

    ConnectionLostException lost(HttpCall call, IOException cause) {
        boolean late = cause instanceof SocketTimeoutException;
        return lost(
                call, late ? "the daemon did not answer in time" : "the connection ended", cause);
    }

    private ConnectionLostException lost(HttpCall call, String why, Exception cause) {
        return new ConnectionLostException(
                call + " on " + socket + ": " + why + "; whether it was carried out is not known",
                cause);
    }

    /** How long the answer of a call that does not wait may take. */
    Duration patience() {
        return patience;
    }

    /** How long the daemon may be away. */
    Duration outage() {
        return outage;
    }

    Path socket() {
        return socket;
    }

    /**
     * Ends all calls. The keys that are done are sent to the daemon, if there is a connection for
     * that and the daemon answers at once; otherwise they lapse in time.
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
