package io.eventfdd.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.wire.LeaseState.Kind;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

class LeaseStateTest {
    private static final LeaseShare ONE = new LeaseShare(new EventfdName("a"), 1);
    private static final LeaseShare MOST = new LeaseShare(new EventfdName("b._-9"), -2);
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678901Z");

    static Stream<LeaseState> states() {
        return Stream.of(
                new LeaseState(
                        "q-_A",
                        List.of(ONE),
                        List.of(),
                        new LeaseState.Holder(Kind.PROCESS, 7, 0),
                        NOW,
                        Optional.empty()),
                new LeaseState(
                        "with \"quotes\" and \\ and \u00e9",
                        List.of(),
                        List.of(ONE, MOST),
                        new LeaseState.Holder(Kind.CONNECTION, 0, -1),
                        Instant.EPOCH,
                        Optional.empty()),
                new LeaseState(
                        "",
                        List.of(ONE, new LeaseShare(new EventfdName("c"), 1024)),
                        List.of(MOST),
                        new LeaseState.Holder(Kind.DURATION, Integer.MAX_VALUE, 1000),
                        NOW,
                        Optional.of(NOW.plusSeconds(30))));
    }

    @ParameterizedTest
    @MethodSource("states")
    void theTextIsThatOfTheJson(LeaseState state) {
        assertThat(state.toText()).isEqualTo(state.toJson().toString());
    }

    @ParameterizedTest
    @MethodSource("states")
    void theTextIsReadAsItWasWritten(LeaseState state) {
        var utf8 = state.toText().getBytes(StandardCharsets.UTF_8);
        assertThat(LeaseState.from(JsonFields.parse(utf8))).isEqualTo(state);
    }
}
