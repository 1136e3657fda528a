package io.eventfdd.server.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.ShuttingDownException;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.Map;

/** A client whose first call over HTTP comes while a daemon ends waits for the next one, too. */
@Timeout(300)
class FirstCallTest {
    private static final Duration OUTAGE = Duration.ofMillis(500);

    @Test
    void aFirstCallThatADaemonRefusesAtItsEndIsSentAgainForTheOutage() throws Exception {
        try (var daemon = new DaemonUnderTest(Map.of());
                var client =
                        EventfddClient.builder()
                                .runtimeDirectory(daemon.directory())
                                .transport(Transport.RAW)
                                .outage(OUTAGE)
                                .connect()) {
            daemon.refuseCalls();
            long began = System.nanoTime();
            assertThatThrownBy(() -> client.state("n")).isInstanceOf(ShuttingDownException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThanOrEqualTo(OUTAGE);
        }
    }
}
