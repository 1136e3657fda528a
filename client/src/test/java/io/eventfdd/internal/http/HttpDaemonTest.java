package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdName;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.time.Duration;

/** Which handles of a client gather with which. */
class HttpDaemonTest {
    private static final EventfdName A = new EventfdName("a");
    private static final EventfdName B = new EventfdName("b");

    private final HttpDaemon daemon =
            new HttpDaemon(Path.of("none"), Duration.ofSeconds(1), Duration.ZERO);

    @Test
    void allHandlesOnANameShareItsReadsUntilTheLastOneIsClosed() {
        var reads = daemon.beginReads(A);
        assertThat(daemon.beginReads(A)).isSameAs(reads);
        assertThat(daemon.beginReads(B)).isNotSameAs(reads);
        daemon.endReads(A);
        assertThat(daemon.beginReads(A)).isSameAs(reads);
        daemon.endReads(A);
        daemon.endReads(A);
        assertThat(daemon.beginReads(A)).as("nothing was kept").isNotSameAs(reads);
    }
}
