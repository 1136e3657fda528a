package io.eventfdd.internal.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.wire.ProblemDocument;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A client that has all the time in the world. */
@Timeout(300)
class RawOpenerTest {
    private static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

    @Test
    void noTimeIsTooLongForADaemonThatIsAway(@TempDir Path directory) throws Exception {
        try (var daemon = new ScriptedDaemon(directory.resolve("fd.sock"));
                var client =
                        EventfddClient.builder()
                                .runtimeDirectory(directory)
                                .transport(Transport.RAW)
                                .timeout(FOREVER)
                                .outage(FOREVER)
                                .connect()) {
            daemon.end();
            var opening = ThreadKind.PLATFORM.call(() -> client.open("a"));
            RawHandles.until(() -> opening.task().isDone() || isParked(opening.thread()));
            daemon.begin();
            try (var connection = daemon.accepted()) {
                assertThat(daemon.receive(connection)).isInstanceOf(Received.Packet.class);
                var problem = ProblemType.NOT_FOUND.problem("no such eventfd");
                daemon.send(connection, ProblemDocument.bytes(problem), List.of());
                assertThatThrownBy(() -> RawHandles.result(opening))
                        .hasCauseInstanceOf(NotFoundException.class);
            }
        }
    }

    private static boolean isParked(Thread thread) {
        return thread.getState() == Thread.State.TIMED_WAITING;
    }
}
