package io.eventfdd.server.http.transport;

import io.eventfdd.server.http.transport.ClientConnection.Doing;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.http.DirectHandler;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.ServerConnectionException;

import org.jspecify.annotations.Nullable;

import java.io.UncheckedIOException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What a connection's parser reads from: the socket, with an eye on the time. It knows whether a
 * request has begun, and so what an end of the stream means: a connection's end, or a request that
 * is broken off.
 */
final class RequestBytes implements Supplier<byte @Nullable []> {
    private static final byte[] NONE = {};

    private final HelidonSocket socket;
    private final ClientConnection client;
    private final Supplier<Timeouts> timeouts;
    private final BooleanSupplier ending;

    private final RequestLine line = new RequestLine();
    private boolean begun;

    /** The bytes that came last; the parser may have some of them still to read. */
    private byte[] last = NONE;

    /** When the request that has begun must be whole, in {@link System#nanoTime}. */
    private long wholeUntil;

    RequestBytes(
            HelidonSocket socket,
            ClientConnection client,
            Supplier<Timeouts> timeouts,
            BooleanSupplier ending) {
        this.socket = socket;
        this.client = client;
        this.timeouts = timeouts;
        this.ending = ending;
    }

    /**
     * The request is answered.
     *
     * @param unread how many bytes of the next one are here already
     */
    void answered(int unread) {
        begun = false;
        if (unread > 0) {
            begin();
            line.look(last, Math.max(0, last.length - unread));
        } else {
            last = NONE; // it is as long as the client has made it
        }
    }

    /** Whether the request that has begun is one of HTTP/1.0. */
    boolean isHttp10() {
        return line.isHttp10();
    }

    /** Whether the method of the request that has begun has no small letter. */
    boolean isMethodInCapitals() {
        return line.isMethodInCapitals();
    }

    private void begin() {
        begun = true;
        line.begin();
        wholeUntil = System.nanoTime() + timeouts.get().request().toNanos();
    }

    /**
     * The next bytes, or null (which is Helidon's word for it) if the connection is at its end
     * between two requests.
     *
     * @throws RequestException if it ends, or time is up, within a request; it is answered if that
     *     is still possible
     * @throws ServerConnectionException if the client has reset it
     */
    @Override
    public byte @Nullable [] get() {
        if (begun) {
            client.within(wholeUntil, Doing.RECEIVING);
        } else {
            client.within(System.nanoTime() + timeouts.get().idle().toNanos(), Doing.WAITING);
            if (ending.getAsBoolean()) { // looked at after the deadline is set, which those who end
                // it look at after
                client.endsAs(ConnectionEnd.CLOSED_BY_US);
                return null;
            }
        }
        byte[] bytes;
        try {
            bytes = socket.get();
        } catch (UncheckedIOException e) {
            client.endsAs(ConnectionEnd.RESET);
            throw new ServerConnectionException("cannot read", e);
        }
        boolean inTime = client.inTime();
        if (bytes != null) {
            if (!begun) {
                begin();
            }
            line.look(bytes, 0);
            last = bytes;
            return bytes;
        }
        if (!begun) {
            client.endsAs(inTime ? ConnectionEnd.CLOSED_CLEANLY : ConnectionEnd.CLOSED_BY_US);
            return null;
        }
        throw inTime
                ? brokenOff(Status.BAD_REQUEST_400, "the request ends in the middle")
                : brokenOff(Status.REQUEST_TIMEOUT_408, "");
    }

    private static RequestException brokenOff(Status status, String message) {
        return RequestException.builder()
                .type(DirectHandler.EventType.BAD_REQUEST)
                .status(status)
                .message(message)
                .setKeepAlive(false)
                .build();
    }
}
