package io.eventfdd.server.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.internal.http.KeyedCalls;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.SharedDaemon;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Calls that are repeated with their key by another process, such as a bridge after a kill. */
@Timeout(300)
@ExtendWith(SharedDaemon.class)
class KeyedCallsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final DaemonProcess daemon;

    KeyedCallsIT(DaemonProcess daemon) {
        this.daemon = daemon;
    }

    private KeyedCalls calls() throws IOException {
        var calls = new KeyedCalls(daemon.api(), PATIENCE);
        calls.connect();
        return calls;
    }

    @Test
    void sameKeyGetsTheSameAnswerUntilItIsDone() throws IOException {
        var name = new EventfdName("same");
        try (var first = calls();
                var second = calls()) {
            first.create(name, EventfdSpec.counter());
            assertThat(first.write(name, 5, "same-w", Duration.ZERO, List.of())).isTrue();
            assertThat(second.write(name, 5, "same-w", Duration.ZERO, List.of())).isTrue();
            assertThat(second.state(name).count()).isEqualTo(5);

            assertThat(first.read(name, "same-r", Duration.ZERO, 1, List.of())).isEqualTo(5);
            first.write(name, 7, "same-w2", Duration.ZERO, List.of());
            assertThat(second.read(name, "same-r", Duration.ZERO, 1, List.of()))
                    .as("what the first one read")
                    .isEqualTo(5);
            second.done(List.of("same-r"));
            var done = List.of("same-w", "same-w2");
            assertThat(second.read(name, "same-r", Duration.ZERO, 1, done)).isEqualTo(7);
        }
    }

    @Test
    void answersThatNothingHappenedAreKeptToo() throws IOException {
        var name = new EventfdName("kept");
        try (var calls = calls()) {
            calls.create(name, EventfdSpec.counter());
            assertThat(calls.read(name, "kept-r", Duration.ZERO, 1, List.of())).isZero();
            calls.write(name, Count.MAX, "kept-w", Duration.ZERO, List.of());
            assertThat(calls.read(name, "kept-r", Duration.ZERO, 1, List.of())).isZero();
            assertThat(calls.write(name, 1, "kept-f", Duration.ZERO, List.of())).isFalse();
            assertThat(calls.read(name, "kept-r2", Duration.ZERO, 1, List.of()))
                    .isEqualTo(Count.MAX);
            assertThat(calls.write(name, 1, "kept-f", Duration.ZERO, List.of())).isFalse();
            calls.done(List.of("kept-f"));
            assertThat(calls.write(name, 1, "kept-f", Duration.ZERO, List.of())).isTrue();
        }
    }

    @Test
    void originTellsADaemonThatKnowsTheKeysFromOneThatDoesNot() throws Exception {
        try (var calls = calls()) {
            var origin = calls.connect();
            daemon.takeOver();
            assertThat(calls.connect()).isEqualTo(origin);
            daemon.process().destroyForcibly().waitFor();
            assertThatExceptionOfType(KeyedCalls.NotSentException.class).isThrownBy(calls::connect);
            daemon.restart();
            assertThat(calls.connect()).isNotEqualTo(origin);
        }
    }

    @Test
    void refusalIsThrownAndLeavesTheKeyUnused() throws IOException {
        var name = new EventfdName("refused");
        try (var calls = calls()) {
            assertThatExceptionOfType(NotFoundException.class)
                    .isThrownBy(() -> calls.read(name, "refused-r", Duration.ZERO, 1, List.of()));
            calls.create(name, EventfdSpec.semaphoreOf(3));
            assertThat(calls.read(name, "refused-r", Duration.ZERO, 1024, List.of())).isEqualTo(3);
        }
    }
}
