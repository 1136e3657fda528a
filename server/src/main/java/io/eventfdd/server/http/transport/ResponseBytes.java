package io.eventfdd.server.http.transport;

import io.eventfdd.server.http.transport.ClientConnection.Doing;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;

import java.util.function.Supplier;

/** What a connection's responses are written to: the socket, with an eye on the time. */
final class ResponseBytes implements DataWriter {
    private final DataWriter socket;
    private final ClientConnection client;
    private final Supplier<Timeouts> timeouts;

    ResponseBytes(DataWriter socket, ClientConnection client, Supplier<Timeouts> timeouts) {
        this.socket = socket;
        this.client = client;
        this.timeouts = timeouts;
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
}
