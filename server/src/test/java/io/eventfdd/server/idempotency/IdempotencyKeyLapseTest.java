package io.eventfdd.server.idempotency;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.server.eventfds.Caller;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.eventfds.Limits;
import io.eventfdd.server.loop.EventLoop;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A value that a key keeps is never at two places, however closely the key's end and a retry meet.
 */
@Timeout(60)
class IdempotencyKeyLapseTest {
    private static final EventfdName NAME = new EventfdName("n");
    private static final List<byte[]> REQUEST =
            List.of("POST /v1/eventfds/n/read".getBytes(StandardCharsets.US_ASCII));

    private final Caller caller = new Caller(Fd.borrow(0), new PeerCredentials(1, 0, 0, List.of()));
    private final AtomicInteger calls = new AtomicInteger();
    private EventLoop loop;
    private Eventfds eventfds;

    @BeforeEach
    void start() throws IOException {
        loop = new EventLoop(System::nanoTime);
        eventfds = new Eventfds(loop, new Limits(10, 10), 0, Clock.systemUTC());
        loop.start(eventfds::loopFailed);
        eventfds.create(NAME, EventfdSpec.counter().withInitial(5), caller);
    }

    @AfterEach
    void stop() {
        loop.close();
    }

    private IdempotencyKeys keys(Duration life) {
        return new IdempotencyKeys(eventfds, life, new IdempotencyKeys.Limits(10, 1000), "here");
    }

    private Answer read() {
        calls.incrementAndGet();
        return eventfds.read(NAME, new ReadRequest(Duration.ZERO), caller)
                .<Answer>map(taken -> new Answer.Ok(Json.object(), List.of(taken)))
                .orElse(new Answer.NoContent());
    }

    private long count() {
        eventfds.size(); // what was submitted to the loop before is done after it
        return eventfds.state(NAME, caller).count();
    }

    private void until(long wanted) {
        while (count() != wanted) {
            Thread.onSpinWait();
        }
    }

    private static void awaitLapseOf(IdempotencyKeys keys) {
        while (keys.size() > 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void anAnswerThatIsOnItsWayAgainWhenItsKeyLapsesIsNotPutBack() {
        try (var keys = keys(Duration.ofSeconds(2))) {
            keys.answer(0, "k", REQUEST, this::read).call().delivered(false);
            var again = keys.answer(0, "k", REQUEST, this::read);
            assertThat(calls).hasValue(1);
            awaitLapseOf(keys);
            assertThat(count()).isZero();
            again.call().delivered(true);
            assertThat(count()).isZero();
        }
    }

    @Test
    void anAnswerThatWasNotTakenByTheTimeItsKeyHadLapsedGoesBackThen() {
        try (var keys = keys(Duration.ofMillis(1))) {
            var only = keys.answer(0, "k", REQUEST, this::read);
            awaitLapseOf(keys);
            assertThat(count()).isZero();
            only.call().delivered(false);
            until(5);
        }
    }

    @Test
    void aKeyThatHasLapsedIsNewAndItsValueCanBeTakenAgain() {
        try (var keys = keys(Duration.ofMillis(1))) {
            keys.answer(0, "k", REQUEST, this::read).call().delivered(false);
            awaitLapseOf(keys);
            until(5); // a moment later
            keys.answer(0, "k", REQUEST, this::read).call().delivered(true);
            assertThat(calls).hasValue(2);
            awaitLapseOf(keys);
            assertThat(count()).isZero();
        }
    }
}
