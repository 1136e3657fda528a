package io.eventfdd.internal.http;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonUnavailableException;
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

/**
 * One call until it has its answer, or until it must not be sent again: on one connection after the
 * other, and to the next daemon if one ends under it. So it is carried out once, or the caller is
 * told that this is not known. For one thread.
 */
final class RepeatedCall {
    /** What daemons may have done about the call so far. */
    private enum State {
        /** No daemon got it: any daemon may have it. */
        UNSENT,
        /**
         * A daemon may have carried it out, which another time does not change: any may have it.
         */
        REPEATABLE,
        /** A daemon may have carried it out: only one that knows its key may have it. */
        IN_DOUBT
    }

    /** How often a connection may be lost under the call. */
    private static final int LOSSES = 3;

    /** How long the daemon may take to hear that a connection ended. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final HttpCalls calls;
    private final HttpCall call;
    private final Duration longest;
    private final Outage away;
    private final boolean interruptible;
    private final CallHandle handle;
    private final long start = System.nanoTime();
    private State state = State.UNSENT;
    private int losses;

    /** How it was lost when it came to be in doubt; null in the other states. */
    private @Nullable ConnectionLostException doubt;

    /** What tells the keys of the daemon that it was sent to first. */
    private String sentTo = "";

    /**
     * A call that nobody has got.
     *
     * @param longest how long its answer may take
     * @param away bounds the time between one daemon and the next
     * @param interruptible whether an interrupt ends it
     * @param handle with which others can end it
     */
    RepeatedCall(
            HttpCalls calls,
            HttpCall call,
            Duration longest,
            Outage away,
            boolean interruptible,
            CallHandle handle) {
        this.calls = calls;
        this.call = call;
        this.longest = longest;
        this.away = away;
        this.interruptible = interruptible;
        this.handle = handle;
    }

    /**
     * Sends it until there is an answer.
     *
     * @throws DaemonUnavailableException if no daemon got it
     * @throws ConnectionLostException if it is not known whether one carried it out
     */
    HttpAnswer answer() throws InterruptedException {
        handle.renew();
        while (true) {
            var answer = attempt();
            if (answer.isPresent()) {
                return answer.get();
            }
        }
    }

    /** Sends it once; empty if it is to be sent again. */
    private Optional<HttpAnswer> attempt() throws InterruptedException {
        HttpConnection connection;
        try {
            connection = calls.connections().take(handle);
        } catch (DaemonUnavailableException e) {
            if (handle.isEnded() || !calls.wasThere() || !away.pause()) {
                throw doubt != null ? doubt : e;
            }
            return Optional.empty();
        }
        boolean mayBeDone = false;
        try {
            handle.begin(connection);
            checkKeys(connection);
            mayBeDone = true;
            var answer = calls.exchange(connection, call, longest, interruptible);
            if (pauseIfTooEarly(answer)) {
                return Optional.empty();
            }
            calls.noteDone(call, answer, wasCutOff());
            return Optional.of(answer);
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw new InterruptedException();
        } catch (IOException e) {
            lost(connection, mayBeDone && !(e instanceof UnixSocket.NotSentException), e);
            return Optional.empty();
        } finally {
            handle.over();
            calls.connections().giveBack(connection);
        }
    }

    /** Makes sure that a daemon which is to know the key of the call does. */
    private void checkKeys(HttpConnection connection) throws IOException {
        if (call.repeats() != HttpCall.Repeats.WITH_ITS_KEY) {
            return;
        }
        if (doubt == null) {
            sentTo = calls.knownOrLearntKeys(connection);
        } else if (!calls.learnKeys(connection).equals(sentTo)) {
            throw doubt;
        }
    }

    /** Pauses if {@code answer} says that the call came too early; false if it is its answer. */
    private boolean pauseIfTooEarly(HttpAnswer answer) throws InterruptedException {
        if (wasCutOff()
                && answer.is(ProblemType.IDEMPOTENCY_KEY_IN_USE)
                && System.nanoTime() - start < longest.toNanos()) {
            // The daemon has not heard yet that the first connection ended.
            LockSupport.parkNanos(PAUSE_NANOS);
            return true;
        }
        return answer.is(ProblemType.SHUTTING_DOWN) && away.pause();
    }

    /** Whether the call was sent on another connection as well, which was cut off. */
    private boolean wasCutOff() {
        return state != State.UNSENT || handle.settles();
    }

    /** Goes on to the next state, or throws if it must not be sent again. */
    private void lost(HttpConnection connection, boolean sent, IOException cause) {
        if (calls.connections().isClosed() && !handle.outlivesClient()) {
            throw Failures.clientClosed();
        }
        // The others that are idle are mostly of the same daemon, and as dead.
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
