package io.eventfdd.server.http.transport;

import io.eventfdd.server.http.transport.ClientConnection.Doing;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;

import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What a connection's responses are written to: the socket, with an eye on the time.
 *
 * <p>A request of HTTP/1.0 is never answered with {@code 100 Continue}, whatever it expects (RFC
 * 9110, 10.1.1). Helidon takes it for one of HTTP/1.1 (see {@link RequestLine}) and would send it.
 */
final class ResponseBytes implements DataWriter {
    private static final byte[] CONTINUE =
            "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final DataWriter socket;
    private final ClientConnection client;
    private final Supplier<Timeouts> timeouts;
    private final BooleanSupplier isHttp10;

    /**
     * Creates the writer of {@code client}.
     *
     * @param isHttp10 whether the request that is being answered is one of HTTP/1.0
     */
    ResponseBytes(
            DataWriter socket,
            ClientConnection client,
            Supplier<Timeouts> timeouts,
            BooleanSupplier isHttp10) {
        this.socket = socket;
        this.client = client;
        this.timeouts = timeouts;
        this.isHttp10 = isHttp10;
    }

    @Override
    public void write(BufferData buffer) {
        writeNow(buffer);
    }

    @Override
    public void write(BufferData... buffers) {
        writeNow(BufferData.create(buffers));
    }

    @Override
    public void writeNow(BufferData... buffers) {
        writeNow(BufferData.create(buffers));
    }

    @Override
    public void writeNow(BufferData buffer) {
        if (isHttp10.getAsBoolean() && isContinue(buffer)) {
            return;
        }
        client.within(System.nanoTime() + timeouts.get().send().toNanos(), Doing.SENDING);
        try {
            socket.writeNow(buffer);
        } catch (RuntimeException e) {
            client.endsAs(ConnectionEnd.RESET);
            throw e;
        } finally {
            client.inTime();
        }
    }

    private static boolean isContinue(BufferData buffer) {
        if (buffer.available() != CONTINUE.length) {
            return false;
        }
        for (int i = 0; i < CONTINUE.length; i++) {
            if (buffer.get(i) != CONTINUE[i]) {
                return false;
            }
        }
        return true;
    }
}
