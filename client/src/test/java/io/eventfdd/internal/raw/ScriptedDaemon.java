package io.eventfdd.internal.raw;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.OpenRequest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The daemon's end of {@code fd.sock}, which does what a test says, packet by packet. */
final class ScriptedDaemon implements AutoCloseable {
    private final Path path;
    private final PacketBuffer buffer =
            new PacketBuffer(OpenRequest.MAX_PACKET, OpenRequest.MAX_ENTRIES);
    private SeqPacketSocket listener;

    ScriptedDaemon(Path path) throws IOException {
        this.path = path;
        listener = SeqPacketSocket.listen(path, 0600, 8);
    }

    /** The next connection, for which it waits. */
    SeqPacketSocket accepted() throws IOException {
        long deadline = System.nanoTime() + RawHandles.PATIENCE.toNanos();
        for (var next = accept(); ; next = accept()) {
            if (next.isPresent()) {
                return next.get();
            }
            assertThat(System.nanoTime()).as("somebody connects").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /** The next connection, if there is one. */
    Optional<SeqPacketSocket> accept() throws IOException {
        return listener.accept();
    }

    /** The next packet of {@code connection}, for which it waits, or its end. */
    Received receive(SeqPacketSocket connection) throws IOException {
        return connection.receive(buffer, RawHandles.PATIENCE);
    }

    /** The next packet of {@code connection}, if there is one. */
    Received receiveNow(SeqPacketSocket connection) throws IOException {
        return connection.receive(buffer);
    }

    /** Sends a reply; if the client has gone, nobody gets it. */
    void send(SeqPacketSocket connection, byte[] packet, List<Fd> fds) throws IOException {
        connection.send(buffer, packet, fds);
    }

    /** Closes its listening socket, and with that the connections that nobody accepted. */
    void end() throws IOException {
        listener.close();
        Files.delete(path);
    }

    /** Listens again after the {@linkplain #end end}. */
    void begin() throws IOException {
        listener = SeqPacketSocket.listen(path, 0600, 8);
    }

    @Override
    public void close() {
        listener.close();
    }
}
