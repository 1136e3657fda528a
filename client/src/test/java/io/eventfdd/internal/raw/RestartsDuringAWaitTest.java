package io.eventfdd.internal.raw;

import static io.eventfdd.internal.raw.RawHandles.until;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.leases.Stop;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.ProblemDocument;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ForkJoinPool;

/** The wait for a lease outlives several daemons, each of which is away for a moment. */
@Timeout(300)
class RestartsDuringAWaitTest {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Duration OUTAGE = Duration.ofMillis(400);
    private static final String GRANTED =
            "{\"id\":\"x\",\"take\":[{\"name\":\"s\",\"value\":1}],\"give\":[],"
                    + "\"holder\":{\"kind\":\"process\",\"pid\":1,\"uid\":0},"
                    + "\"since\":\"2026-01-01T00:00:00Z\"}";

    @TempDir private Path directory;

    /** Three daemons have the request, each longer than an outage may be. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void itOutlivesThem(boolean killed) throws Exception {
        var path = directory.resolve("fd.sock");
        try (var waits = new RawWaits(Duration.ZERO, ForkJoinPool.commonPool());
                var daemon = new ScriptedDaemon(path);
                var leases = new RawLeases(path, LONG, OUTAGE, waits)) {
            var request =
                    new LeaseRequest(
                            List.of(new LeaseShare(new EventfdName("s"), 1)),
                            List.of(),
                            new LeaseHolder.OfProcess(),
                            LONG);
            var waiting = ThreadKind.PLATFORM.call(() -> leases.take(request, new Stop()));
            var requests = new ArrayList<String>();
            var connection = daemon.accepted();
            for (int had = 1; had <= 3; had++) {
                Received received = daemon.receive(connection);
                if (!(received instanceof Received.Packet)) { // it makes another connection
                    connection = daemon.accepted();
                    received = daemon.receive(connection);
                }
                requests.add(new String(((Received.Packet) received).bytes(), UTF_8));
                long since = System.nanoTime();
                until(() -> System.nanoTime() - since > OUTAGE.toNanos());
                if (had == 3) {
                    daemon.send(connection, GRANTED.getBytes(UTF_8), List.of());
                } else if (killed) {
                    connection.close();
                    connection = daemon.accepted();
                } else {
                    refuse(daemon, connection);
                }
            }
            assertThat(RawHandles.result(waiting)).isPresent();
            assertThat(requests).doesNotHaveDuplicates();
            connection.close();
        }
    }

    private static void refuse(ScriptedDaemon daemon, SeqPacketSocket connection)
            throws IOException {
        var problem = ProblemType.SHUTTING_DOWN.problem("it ends");
        daemon.send(connection, ProblemDocument.bytes(problem), List.of());
    }
}
