package io.eventfdd.server.idempotency;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.server.eventfds.Caller;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.eventfds.Ledger;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.testing.TestLimits;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/** Real eventfds on a real loop, and calls on one of them that have idempotency keys. */
final class KeysUnderTest implements AutoCloseable {
    static final EventfdName NAME = new EventfdName("n");
    static final Duration LIFE = Duration.ofMinutes(5);

    /** The same for each call. */
    static final List<byte[]> REQUEST =
            List.of("POST /v1/eventfds/n/read".getBytes(StandardCharsets.US_ASCII));

    final Caller caller = new Caller(Fd.borrow(0), new PeerCredentials(1, 0, 0, List.of()));
    final Eventfds eventfds;

    /** How many calls were carried out. */
    final AtomicInteger calls = new AtomicInteger();

    private final EventLoop loop;

    KeysUnderTest() throws IOException {
        loop = new EventLoop(System::nanoTime);
        eventfds = new Eventfds(loop, TestLimits.of(10, 10), 0, Clock.systemUTC(), Ledger.NONE);
        loop.start(eventfds::loopFailed);
    }

    /** Makes the eventfd, with a count of 5. */
    void make() {
        eventfds.create(NAME, EventfdSpec.counter().withInitial(5), caller);
    }

    /** Keys that outlive the test. */
    IdempotencyKeys keys() {
        return keys(10);
    }

    /** {@code most} keys of each user, which outlive the test. */
    IdempotencyKeys keys(int most) {
        return new IdempotencyKeys(
                eventfds, Duration.ofHours(1), new IdempotencyKeys.Limits(most, 65536), "here");
    }

    /** Keys that live for {@link #LIFE} as {@code clock} tells it. */
    IdempotencyKeys keys(LongSupplier clock) {
        return new IdempotencyKeys(
                eventfds, LIFE, new IdempotencyKeys.Limits(10, 65536), "here", clock);
    }

    /** A call that takes what is there. */
    Answer read() {
        calls.incrementAndGet();
        return eventfds.read(NAME, new ReadRequest(Duration.ZERO), caller)
                .<Answer>map(taken ->
                        new Answer.Ok(Json.object().put("value", taken.value()), List.of(taken)))
                .orElse(new Answer.NoContent());
    }

    /** A call that takes nothing. */
    Answer nothing() {
        calls.incrementAndGet();
        return new Answer.NoContent();
    }

    /** The count, after all that was on its way back. */
    long count() {
        eventfds.size(); // what was submitted to the loop before is done after it
        return eventfds.state(NAME, caller).count();
    }

    @Override
    public void close() {
        loop.close();
    }
}
