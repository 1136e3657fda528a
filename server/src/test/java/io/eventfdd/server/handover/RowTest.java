package io.eventfdd.server.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.AccessMode;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.LeaseState;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.eventfds.Former;
import io.eventfdd.server.eventfds.Identity;
import io.eventfdd.server.eventfds.KeptLease;
import io.eventfdd.server.eventfds.Owner;
import io.eventfdd.server.idempotency.KeptAnswer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Every line says what it was written of, at the ends of all ranges. */
class RowTest {
    private static final Instant NOW = Instant.parse("2031-12-31T23:59:59.999999999Z");
    private static final Duration LEFT = Duration.parse("PT4M59.999999999S");
    private static final EventfdName LONGEST = new EventfdName("n".repeat(128));

    /** The largest unsigned one. */
    private static final int MOST = -1;

    private static Identity identity(EventfdName name, EventfdSpec spec, int user) {
        return new Identity(name, spec, new Owner(user, user), NOW);
    }

    private static LeaseState lease(LeaseState.Kind kind, Optional<Instant> expires) {
        return new LeaseState(
                "x~_-.",
                List.of(new LeaseShare(LONGEST, 1024)),
                List.of(new LeaseShare(new EventfdName("a"), -2)),
                new LeaseState.Holder(kind, Integer.MAX_VALUE, MOST),
                NOW,
                expires);
    }

    static Stream<Row> lines() {
        var small = identity(new EventfdName("a"), EventfdSpec.counter(), 0);
        var large =
                identity(
                        LONGEST,
                        new EventfdSpec(4294967295L, true, false, AccessMode.parse("0000")),
                        MOST);
        return Stream.of(
                new Row.Head(true, "keys"),
                new Row.Head(false, ""),
                new Row.Entered(1, small, false, 0, List.of(), Former.NONE),
                new Row.Entered(
                        Long.MAX_VALUE,
                        large,
                        true,
                        -2,
                        List.of(-2L, 1L, -2L, Long.MIN_VALUE, (1L << 53) + 1),
                        new Former(Map.of(0L, 0L, 7L, -2L, 2147483647L, 1L))),
                new Row.Shared(Long.MAX_VALUE, 2147483647L),
                new Row.Advanced(Long.MAX_VALUE, 2147483647L, -2),
                new Row.Removed(Long.MAX_VALUE),
                new Row.Leased(
                        new KeptLease(
                                lease(LeaseState.Kind.DURATION, Optional.of(NOW)),
                                0,
                                Duration.ofMillis(1500),
                                Long.MIN_VALUE,
                                Set.of()),
                        List.of(1L, Long.MAX_VALUE),
                        "boot"),
                new Row.Leased(
                        new KeptLease(
                                lease(LeaseState.Kind.PROCESS, Optional.empty()),
                                Long.MAX_VALUE,
                                Duration.ZERO,
                                0,
                                Set.of()),
                        List.of(0L, 0L),
                        ""),
                new Row.LeaseEnded("x~_-."),
                new Row.Key(new KeptAnswer(0, "k", "AA==", 204, "", List.of(), Duration.ZERO)),
                new Row.Key(
                        new KeptAnswer(
                                MOST,
                                "~\"\\{".repeat(63),
                                "AA==",
                                200,
                                "{\"name\":\"n\",\"value\":18446744073709551614}",
                                List.of(
                                        new KeptAnswer.Taken(LONGEST, -2),
                                        new KeptAnswer.Taken(LONGEST, 1)),
                                LEFT)));
    }

    @ParameterizedTest
    @MethodSource("lines")
    void aLineIsReadAsItWasWritten(Row line) {
        var written = line.text();
        assertThat(written).doesNotContain("\n");
        assertThat(Row.parse(written.getBytes(StandardCharsets.UTF_8))).isEqualTo(line);
    }

    @Test
    void aKeyThatCameWithADateIsReadAndHasAWholeLife() {
        var former =
                "{\"key\":\"k\",\"uid\":7,\"request\":\"AA==\",\"lapses\":\"1970-01-01T00:00:00Z\","
                        + "\"status\":204,\"body\":\"\",\"taken\":[]}";
        assertThat(Row.parse(former.getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(
                        new Row.Key(
                                new KeptAnswer(
                                        7,
                                        "k",
                                        "AA==",
                                        204,
                                        "",
                                        List.of(),
                                        KeptAnswer.WHOLE_LIFE)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{}",
                "[]",
                "7",
                "{\"eventfdd\":\"two\",\"stopped\":true}",
                "{\"removed\":-1}",
                "{\"removed\":\"x\"}",
                "{\"id\":1}",
                "{\"id\":1,\"name\":\"..\",\"created\":\"2031-12-31T23:59:59Z\",\"returning\":[],\"objects\":[]}",
                "{\"id\":1,\"name\":\"a\",\"created\":\"yesterday\",\"returning\":[],\"objects\":[]}",
                "{\"id\":1,\"name\":\"a\",\"created\":\"2031-12-31T23:59:59Z\",\"returning\":[\"-\"]}",
                "{\"id\":1,\"name\":\"a\",\"created\":\"2031-12-31T23:59:59Z\",\"returning\":5}",
                "{\"key\":\"k\"}",
                "{\"key\":\"k\",\"life\":\"for ever\",\"taken\":[]}",
                "{\"key\":\"k\",\"life\":\"PT-1S\",\"taken\":[]}",
                "{\"key\":\"k\",\"lapses\":\"tomorrow\",\"taken\":[]}",
                "{\"key\":\"k\",\"lapses\":\"2031-12-31T23:59:59Z\",\"taken\":[{\"value\":1}]}",
            })
    void whatIsNoLineIsRefused(String text) {
        assertThatThrownBy(() -> Row.parse(text.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOfAny(ProblemException.class, IllegalArgumentException.class);
    }
}
