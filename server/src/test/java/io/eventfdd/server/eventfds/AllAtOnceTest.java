package io.eventfdd.server.eventfds;

import static io.eventfdd.server.eventfds.LoopUnderTest.NOT_AT_ALL;
import static io.eventfdd.server.eventfds.LoopUnderTest.result;
import static io.eventfdd.server.eventfds.LoopUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.ReadBuffer;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.internal.wire.WaitRequest;
import io.eventfdd.internal.wire.WaitRequest.Mode;
import io.eventfdd.internal.wire.WriteManyRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;

/**
 * All kinds of calls at once, beside a raw holder and names that come and go: no call stays behind,
 * nothing is lost or made, and the loop sleeps at the end.
 */
@Timeout(300)
class AllAtOnceTest {
    private static final int CALLERS = 16;
    private static final int CALLS = 200;

    private final LongAdder written = new LongAdder();
    private final LongAdder taken = new LongAdder();
    private final List<EventfdName> lasting = new ArrayList<>();
    private final List<EventfdName> passing = new ArrayList<>();
    private LoopUnderTest it;

    @BeforeEach
    void start() throws Exception {
        it = new LoopUnderTest();
        for (int i = 0; i < 4; i++) {
            lasting.add(it.counter("counter" + i));
            lasting.add(it.semaphore("semaphore" + i, 0));
            passing.add(it.counter("passing" + i));
        }
    }

    @AfterEach
    void stop() throws Exception {
        it.close();
    }

    @Test
    void nothingIsLostAndNobodyStaysBehind() throws Exception {
        var shared = opened(lasting.subList(0, 4));
        var callers =
                LongStream.range(0, CALLERS)
                        .mapToObj(seed -> it.inBackground(() -> new Calls(seed).make()))
                        .toList();
        var holder = it.inBackground(() -> useRaw(shared, callers));
        callers.forEach(LoopUnderTest::result);
        result(holder);

        until(() -> it.eventfds.waiting() == 0); // and what goes back has gone back
        long left = lasting.stream().mapToLong(it::count).sum();
        assertThat(taken.sum() + left).isEqualTo(written.sum());
        assertThat(lasting)
                .allSatisfy(name ->
                        assertThat(it.eventfds.state(name, it.client().caller()).waiters())
                                .isZero());
        untilTheLoopSleeps();
    }

    /** No turn in a time in which a busy loop makes thousands; and it answers when asked. */
    private void untilTheLoopSleeps() {
        long[] seen = {-1, 0};
        until(() -> {
            seen[1] = it.loop.turns() == seen[0] ? seen[1] + 1 : 0;
            seen[0] = it.loop.turns();
            return seen[1] > 100;
        });
        assertThat(it.eventfds.isTurning()).isTrue();
    }

    private List<EventFd> opened(List<EventfdName> names) {
        var opened = new CompletableFuture<List<EventFd>>();
        var caller = it.client().caller();
        var request = new OpenRequest(names.stream().map(OpenRequest.Entry::of).toList());
        it.loop.submit(() ->
                opened.complete(
                        it.eventfds.handouts().open(request, caller).fds().stream()
                                .map(EventFd::adopt)
                                .toList()));
        return result(opened);
    }

    /** What a holder of descriptors does, as long as there are others. */
    private boolean useRaw(List<EventFd> shared, List<CompletableFuture<Boolean>> others)
            throws Exception {
        var buffer = new ReadBuffer();
        var random = new Random(-1);
        while (!others.stream().allMatch(CompletableFuture::isDone)) {
            var eventFd = shared.get(random.nextInt(shared.size()));
            if (random.nextBoolean()) {
                written.add(eventFd.write(1) ? 1 : 0);
            } else {
                taken.add(eventFd.readNow(buffer));
            }
        }
        return true;
    }

    /** The calls of one client, one after the other. */
    private final class Calls {
        private final Random random;
        private final Caller caller = it.client().caller();

        Calls(long seed) {
            random = new Random(seed);
        }

        boolean make() {
            for (int i = 0; i < CALLS; i++) {
                try {
                    makeOne();
                } catch (ProblemException e) {
                    assertThat(e.problem().type()).isIn(ProblemType.GONE, ProblemType.NOT_FOUND);
                }
            }
            return true;
        }

        private void makeOne() {
            switch (random.nextInt(9)) {
                case 0 ->
                        written.add(it.eventfds.write(one(lasting), 1, timeout(), caller) ? 1 : 0);
                case 1 -> writeToMany();
                case 2, 3 ->
                        it.eventfds
                                .read(one(lasting), new ReadRequest(timeout()), caller)
                                .ifPresent(reading -> took(List.of(reading)));
                case 4 ->
                        it.eventfds
                                .await(request(some(lasting), true), caller)
                                .ifPresent(this::took);
                case 5 -> it.eventfds.await(request(some(lasting), false), caller);
                case 6 -> it.eventfds.await(one(lasting), timeout(), caller);
                case 7 -> it.eventfds.await(request(withOnePassing(), false), caller);
                default -> renew(one(passing));
            }
        }

        private void writeToMany() {
            var names = some(lasting);
            var entries = names.stream().map(name -> new WriteManyRequest.Entry(name, 2)).toList();
            if (it.eventfds.write(new WriteManyRequest(entries, timeout()), caller).isEmpty()) {
                written.add(2L * names.size());
            }
        }

        /** Every other time it goes back, as if the client had not received it. */
        private void took(List<Reading> readings) {
            if (random.nextBoolean()) {
                it.eventfds.putBack(readings);
            } else {
                readings.forEach(reading -> taken.add(reading.value()));
            }
        }

        private void renew(EventfdName name) {
            it.eventfds.write(name, 1, NOT_AT_ALL, caller);
            it.eventfds.delete(name, caller);
            it.eventfds.create(name, EventfdSpec.counter(), caller);
        }

        private WaitRequest request(List<EventfdName> names, boolean consume) {
            return new WaitRequest(
                    names, random.nextBoolean() ? Mode.ALL : Mode.ANY, consume, timeout());
        }

        private List<EventfdName> some(List<EventfdName> names) {
            var shuffled = new ArrayList<>(names);
            Collections.shuffle(shuffled, random);
            return shuffled.subList(0, 1 + random.nextInt(names.size()));
        }

        private List<EventfdName> withOnePassing() {
            var names = new ArrayList<>(some(lasting));
            names.add(random.nextInt(names.size() + 1), one(passing));
            return names;
        }

        private EventfdName one(List<EventfdName> names) {
            return names.get(random.nextInt(names.size()));
        }

        private Duration timeout() {
            return Duration.ofMillis(random.nextInt(3) * 2L);
        }
    }
}
