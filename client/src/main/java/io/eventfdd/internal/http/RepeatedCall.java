package io.eventfdd.internal.http;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.LimitException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.Outage;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * One call until it has its answer, or until it must not be sent again. It is sent on one
 * connection after the other, and to the next daemon if one ends during the call. It is therefore
 * carried out once, or the caller learns that this is not known. For one thread.
 */
final class RepeatedCall {
    /** The states of the call, by what daemons may have done about it. */
    private enum State {
        /** No daemon got the call, so it may be sent to any daemon. */
        UNSENT,
        /**
         * A daemon may have carried it out, but a second time changes nothing, so it may be sent to
         * any daemon.
         */
        REPEATABLE,
        /**
         * A daemon may have carried it out, so it may be sent only to a daemon that knows its key.
         */
        IN_DOUBT
    }

    /** The number of connections that may be lost during the call. */
    private static final int LOSSES = 3;

    /** How long the daemon may take to notice that a connection has ended. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final HttpCalls calls;
    private final Supplier<HttpCall> made;
    private final Duration longest;
    private final Outage away;
    private final boolean interruptible;
    private final CallHandle handle;
    private final long start = System.nanoTime();
    private HttpCall call;
    private State state = State.UNSENT;
    private int losses;

    /** The failure after which the call was in doubt; null in the other states. */
    private @Nullable ConnectionLostException doubt;

    /** The origin of the keys of the daemon that the call was first sent to. */
    private String sentTo = "";

    /**
     * Creates a call, which has not been sent.
     *
     * @param made makes the call, and makes it anew for another daemon, with the time that is left.
     *     A call of which a daemon may know the key stays as it is
     * @param longest how long its answer may take
     * @param away bounds the time between one daemon and the next
     * @param interruptible whether an interrupt ends it
     * @param handle with which other threads can end it
     */
    RepeatedCall(
            HttpCalls calls,
            Supplier<HttpCall> made,
            Duration longest,
            Outage away,
            boolean interruptible,
            CallHandle handle) {
        this.calls = calls;
        this.made = made;
        this.call = made.get();
        this.longest = longest;
        this.away = away;
        this.interruptible = interruptible;
        this.handle = handle;
        handle.renew();
    }

    /**
     * Sends the call until there is an answer. After an interrupt it may be called again, and goes
     * on.
     *
     * @throws DaemonUnavailableException if no daemon got it
     * @throws ConnectionLostException if it is not known whether one carried it out
     */
    HttpAnswer answer() throws InterruptedException {
        while (true) {
            var answer = attempt();
            if (answer.isPresent()) {
                return answer.get();
            }
        }
    }

    /** Sends the call once. The result is empty if it has to be sent again. */
    private Optional<HttpAnswer> attempt() throws InterruptedException {
        HttpConnection connection;
        try {
            connection = calls.connections().take(handle);
        } catch (DaemonUnavailableException | LimitException e) {
            if (calls.connections().isClosed() && !handle.outlivesClient()) {
                throw Failures.clientClosed();
            }
            boolean hangs = e.getCause() instanceof SocketTimeoutException;
            if (handle.isEnded() || hangs || !calls.wasThere() || !away.pause()) {
                throw doubt != null ? doubt : e;
            }
            return Optional.empty();
        }
        boolean mayBeDone = false;
        long sent = System.nanoTime();
        try {
            handle.begin(connection);
            if (!knowsKey(connection)) {
                return Optional.empty();
            }
            mayBeDone = true;
            handle.send(call, sentTo);
            sent = System.nanoTime();
            var answer = calls.exchange(connection, call, longest, interruptible);
            if (pauseIfTooEarly(answer, System.nanoTime() - sent)) {
                renew();
                return Optional.empty();
            }
            calls.noteDone(call, answer, wasCutOff());
            return Optional.of(answer);
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw new InterruptedException();
        } catch (IOException e) {
            boolean arrived = mayBeDone && !(e instanceof UnixSocket.NotSentException);
            lost(connection, arrived, e);
            if (arrived) {
                away.daemonHadIt(System.nanoTime() - sent);
            }
            renew();
            return Optional.empty();
        } finally {
            handle.over();
            calls.connections().giveBack(connection);
        }
    }

    /**
     * If the daemon must know the key of the call, checks that it does. Returns false if it does
     * not say so, because it stops; after a pause, the next one can be asked.
     */
    private boolean knowsKey(HttpConnection connection) throws IOException, InterruptedException {
        if (call.repeats() != HttpCall.Repeats.WITH_ITS_KEY) {
            return true;
        }
        if (doubt == null) {
            sentTo = calls.knownOrLearntKeys(connection);
            return true;
        }
        var keys = calls.learnKeys(connection);
        if (keys.equals(sentTo)) {
            return true;
        }
        if (keys.isEmpty() && away.pause()) {
            return false;
        }
        throw doubt;
    }

    /**
     * Pauses if {@code answer}, which took {@code nanos}, says that the call came too early or that
     * the daemon ends. Returns false if it is the answer to the call.
     */
    private boolean pauseIfTooEarly(HttpAnswer answer, long nanos) throws InterruptedException {
        if (wasCutOff()
                && answer.is(ProblemType.IDEMPOTENCY_KEY_IN_USE)
                && System.nanoTime() - start < longest.toNanos()) {
            // The daemon has not noticed yet that the first connection has ended.
            LockSupport.parkNanos(PAUSE_NANOS);
            return true;
        }
        if (!answer.is(ProblemType.SHUTTING_DOWN)) {
            return false;
        }
        away.daemonHadIt(nanos);
        return away.pause();
    }

    /** Makes the call anew, unless a daemon may know its key. */
    private void renew() {
        if (state == State.UNSENT || call.key().isEmpty()) {
            call = made.get();
        }
    }

    /** Whether the call was sent on another connection as well, which was cut off. */
    private boolean wasCutOff() {
        return state != State.UNSENT || handle.settles();
    }

    /** Moves to the next state, or throws if the call must not be sent again. */
    private void lost(HttpConnection connection, boolean sent, IOException cause) {
        if (calls.connections().isClosed() && !handle.outlivesClient()) {
            throw Failures.clientClosed();
        }
        // The other idle connections are mostly to the same daemon, and just as dead.
        calls.connections().discardIdle();
        losses++;
        if (connection.isAborted()
                || cause instanceof SocketTimeoutException
                || losses == LOSSES
                || (sent && call.repeats() == HttpCall.Repeats.NEVER)) {
            throw sent || state == State.IN_DOUBT
                    ? calls.lost(call, cause)
                    : calls.connections().unavailable(cause);
        }
        if (sent) {
            if (call.repeats() == HttpCall.Repeats.ALWAYS) {
                state = State.REPEATABLE;
            } else {
                state = State.IN_DOUBT;
                doubt = calls.lost(call, cause);
            }
        }
    }
}
