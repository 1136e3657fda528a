package io.eventfdd.internal.http;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfdState;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.internal.wire.SpecFields;
import io.eventfdd.internal.wire.StateDocument;
import io.eventfdd.internal.wire.WriteRequest;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Calls on {@code api.sock} with keys that the caller chooses. A caller that keeps its keys in a
 * safe place can be killed during a call, make the same call again later, and get the answer of the
 * first one.
 *
 * <p>Nothing is repeated here: each call is sent once, on the connection that {@link #connect} has
 * made, and an {@link IOException} means that there is no answer. For one thread. An interrupt ends
 * a call with {@link ClosedByInterruptException}.
 */
public final class KeyedCalls implements AutoCloseable {
    /** Thrown if the call did not reach the daemon, so that it was not carried out. */
    public static final class NotSentException extends IOException {
        private static final long serialVersionUID = 1L;

        NotSentException(Exception cause) {
            super(cause.getMessage(), cause);
        }

        NotSentException(String message) {
            super(message);
        }
    }

    private static final Duration ANY = Duration.ofDays(3650);

    private final Path socket;
    private final Duration patience;
    private @Nullable HttpConnection connection;
    private String origin = "";
    private Duration keyLife = Duration.ZERO;

    /**
     * Creates the calls, and does not connect.
     *
     * @param socket {@code api.sock}
     * @param patience how long an answer may take, besides the time for which the call waits
     */
    public KeyedCalls(Path socket, Duration patience) {
        this.socket = socket;
        this.patience = patience;
    }

    /**
     * Connects, unless there is a connection already. The next call goes to the daemon at its other
     * end, and to no other one.
     *
     * @return the origin of the keys of that daemon. It differs between daemons that do not share
     *     their keys, so that one does not know the calls of the other
     */
    public String connect() throws IOException {
        var current = connection;
        if (current != null && !current.hasEnded()) {
            return origin;
        }
        close();
        try {
            var made = HttpConnection.open(socket, patience, () -> false);
            connection = made;
            var answer = made.exchange(HttpCall.get("/v1"), patience, true);
            keyLife = HttpDaemon.read(answer, KeyedCalls::keyLifeOf);
            origin = answer.keys();
            return origin;
        } catch (ClosedByInterruptException e) {
            close();
            throw e;
        } catch (IOException | EventfddException e) {
            close(); // Such a daemon may stop, or have too many connections.
            throw new NotSentException(e);
        }
    }

    private static Duration keyLifeOf(JsonFields info) {
        return info.fields("limits")
                .flatMap(limits -> limits.timeout("key-life", ANY))
                .orElse(Duration.ZERO);
    }

    /** For how long the daemon to which this has connected last keeps the answer to a key. */
    public Duration keyLife() {
        return keyLife;
    }

    /**
     * Reads the count, or up to {@code max} permits of a semaphore.
     *
     * @param done keys that the daemon may forget; not {@code key}
     * @return the unsigned count; 0 if there was nothing to read in time
     * @throws EventfddException if the daemon refuses the call
     */
    public long read(EventfdName name, String key, Duration timeout, int max, List<String> done)
            throws IOException {
        var body = new ReadRequest(timeout, max).toJson();
        var call = HttpCall.withKey(HttpDaemon.path(name) + "/read", key, body);
        var answer = exchange(call, timeout, done);
        return answer.isNoContent()
                ? 0
                : HttpDaemon.read(answer, fields -> fields.count("value", 1, -1, 0));
    }

    /**
     * Adds to the count.
     *
     * @param value the unsigned value
     * @param done keys that the daemon may forget; not {@code key}
     * @return false if there was no room in time
     * @throws EventfddException if the daemon refuses the call
     */
    public boolean write(
            EventfdName name, long value, String key, Duration timeout, List<String> done)
            throws IOException {
        if (value == 0 || Count.toBigInteger(value).compareTo(Count.toBigInteger(Count.MAX)) > 0) {
            throw new IllegalArgumentException("not a value: " + Count.toString(value));
        }
        var body = new WriteRequest(value, timeout).toJson();
        var call = HttpCall.withKey(HttpDaemon.path(name) + "/write", key, body);
        var answer = exchange(call, timeout, done);
        if (answer.is(ProblemType.WOULD_BLOCK)) {
            return false;
        }
        answer.check();
        return true;
    }

    /** Tells the daemon that it may forget {@code keys}. */
    public void done(List<String> keys) throws IOException {
        exchange(HttpCall.get("/v1"), Duration.ZERO, keys).check();
    }

    /** The state of an eventfd. */
    public EventfdState state(EventfdName name) throws IOException {
        var answer = exchange(HttpCall.get(HttpDaemon.path(name)), Duration.ZERO, List.of());
        return HttpDaemon.read(answer, StateDocument::from);
    }

    /** Creates an eventfd, or finds the same one. */
    public EventfdState create(EventfdName name, EventfdSpec spec) throws IOException {
        var call = HttpCall.put(HttpDaemon.path(name), SpecFields.json(spec), false);
        return HttpDaemon.read(exchange(call, Duration.ZERO, List.of()), StateDocument::from);
    }

    private HttpAnswer exchange(HttpCall call, Duration wait, List<String> done)
            throws IOException {
        var current = connection;
        if (current == null) {
            throw new NotSentException("there is no connection to " + socket);
        }
        boolean answered = false;
        try {
            var answer = current.exchange(call.withDone(done), patience.plus(wait), true);
            answered = current.isReusable();
            return answer;
        } catch (UnixSocket.NotSentException e) {
            throw new NotSentException(e);
        } finally {
            if (!answered) {
                close();
            }
        }
    }

    /** Ends the connection, if there is one. */
    @Override
    public void close() {
        if (connection != null) {
            connection.close();
            connection = null;
        }
    }
}
