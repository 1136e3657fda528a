package io.eventfdd.server.fdsocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Packets that the kernel does not give away. */
@Timeout(300)
class DisposalTest {
    /** Completes with what became of a packet. */
    private static final class Outcome extends CompletableFuture<String>
            implements Disposal.Receiver {
        @Override
        public int wanted(byte[] packet) {
            return 1;
        }

        @Override
        public void taken(Received.Packet packet) {
            packet.closeFds();
            complete("taken");
        }

        @Override
        public void dropped() {
            complete("dropped");
        }

        @Override
        public void failed(ErrnoException why) {
            complete(why.getMessage());
        }
    }

    /** If it were said to be dropped, its connection would be read again, and find it again. */
    @Test
    void packetThatCannotBeTakenIsNotSaidToBeDropped(@TempDir Path directory) throws Exception {
        try (var disposal = new Disposal();
                var listener = SeqPacketSocket.listen(directory.resolve("s"), 0600, 1)) {
            var outcome = new Outcome();
            disposal.take(listener, outcome);
            assertThat(outcome.get(20, TimeUnit.SECONDS)).contains("ENOTCONN");
        }
    }
}
