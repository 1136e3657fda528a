package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;
import io.eventfdd.server.testing.SharedDaemon;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code eventfdd bench}: what it measures is there, and what it made is gone. */
@ExtendWith(SharedDaemon.class)
class BenchIT {
    private final DaemonProcess daemon;

    BenchIT(DaemonProcess daemon) {
        this.daemon = daemon;
    }

    @Test
    void itMeasuresRawAndHttpCallsAndLeavesNothing() throws Exception {
        var ran = Ran.eventfdd(daemon, "bench", "-o", "json");
        assertThat(ran.status()).as(ran.output()).isZero();
        var rows = new ObjectMapper().readTree(ran.output()).path("microseconds");
        assertThat(rows)
                .extracting(row -> row.path("what").asText())
                .containsExactly(
                        "raw write",
                        "raw read",
                        "raw pair",
                        "HTTP write",
                        "HTTP read",
                        "HTTP wake-up");
        assertThat(rows)
                .allSatisfy(row -> {
                    assertThat(row.path("min").asDouble()).isPositive();
                    assertThat(row.path("median").asDouble())
                            .isBetween(row.path("min").asDouble(), row.path("max").asDouble());
                });
        assertThat(Ran.eventfdd(daemon, "ls")).isEqualTo(new Ran(0, ""));
    }

    @Test
    void itPrintsEachTimeWithItsUnit() throws Exception {
        assertThat(Ran.eventfdd(daemon, "bench").output().lines())
                .hasSize(6)
                .allMatch(line -> line.matches("[a-zA-Z -]+(\t[0-9]+\\.[0-9]{2} us){3}"));
    }
}
