package io.eventfdd.server.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.internal.http.KeyedCalls;
import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Calls that are repeated with their key by another process, such as a bridge after a kill. */
@Timeout(300)
class KeyedCallsIT {
    private static final EventfdName NAME = new EventfdName("a");
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static KeyedCalls calls(DaemonProcess daemon) throws IOException {
        var calls = new KeyedCalls(daemon.api(), PATIENCE);
        calls.connect();
        return calls;
    }

    @Test
    void sameKeyGetsTheSameAnswerUntilItIsDone() throws IOException {
        try (var daemon = DaemonProcess.start();
                var first = calls(daemon);
                var second = calls(daemon)) {
            first.create(NAME, EventfdSpec.counter());
            assertThat(first.write(NAME, 5, "w", Duration.ZERO, List.of())).isTrue();
            assertThat(second.write(NAME, 5, "w", Duration.ZERO, List.of())).isTrue();
            assertThat(second.state(NAME).count()).isEqualTo(5);

            assertThat(first.read(NAME, "r", Duration.ZERO, 1, List.of())).isEqualTo(5);
            first.write(NAME, 7, "w2", Duration.ZERO, List.of());
            assertThat(second.read(NAME, "r", Duration.ZERO, 1, List.of()))
                    .as("what the first one read")
                    .isEqualTo(5);
            second.done(List.of("r"));
            assertThat(second.read(NAME, "r", Duration.ZERO, 1, List.of("w", "w2"))).isEqualTo(7);
        }
    }

    @Test
    void answersThatNothingHappenedAreKeptToo() throws IOException {
        try (var daemon = DaemonProcess.start();
                var calls = calls(daemon)) {
            calls.create(NAME, EventfdSpec.counter());
            assertThat(calls.read(NAME, "r", Duration.ZERO, 1, List.of())).isZero();
            calls.write(NAME, Count.MAX, "w", Duration.ZERO, List.of());
            assertThat(calls.read(NAME, "r", Duration.ZERO, 1, List.of())).isZero();
            assertThat(calls.write(NAME, 1, "f", Duration.ZERO, List.of())).isFalse();
            assertThat(calls.read(NAME, "r2", Duration.ZERO, 1, List.of())).isEqualTo(Count.MAX);
            assertThat(calls.write(NAME, 1, "f", Duration.ZERO, List.of())).isFalse();
            calls.done(List.of("f"));
            assertThat(calls.write(NAME, 1, "f", Duration.ZERO, List.of())).isTrue();
        }
    }

    @Test
    void originTellsADaemonThatKnowsTheKeysFromOneThatDoesNot() throws Exception {
        try (var daemon = DaemonProcess.start();
                var calls = calls(daemon)) {
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
        try (var daemon = DaemonProcess.start();
                var calls = calls(daemon)) {
            assertThatExceptionOfType(NotFoundException.class)
                    .isThrownBy(() -> calls.read(NAME, "r", Duration.ZERO, 1, List.of()));
            calls.create(NAME, EventfdSpec.semaphoreOf(3));
            assertThat(calls.read(NAME, "r", Duration.ZERO, 1024, List.of())).isEqualTo(3);
        }
    }
}
