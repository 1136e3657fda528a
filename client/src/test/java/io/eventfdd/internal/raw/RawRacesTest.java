package io.eventfdd.internal.raw;

import static io.eventfdd.internal.raw.RawHandles.openDescriptors;
import static io.eventfdd.internal.raw.RawHandles.result;
import static io.eventfdd.internal.raw.RawHandles.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.raw.ThreadKind.Running;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Many threads and handles that are closed under them, for two seconds and 20,000 handles; {@code
 * -Deventfdd.test.race=10} and {@code -Deventfdd.test.soak=100000} make it longer.
 */
class RawRacesTest {
    private static final Duration RACE = Duration.ofSeconds(Long.getLong("eventfdd.test.race", 2));
    private static final int SOAK = Integer.getInteger("eventfdd.test.soak", 20_000);
    private static final int SLOTS = 8;

    /** Threads and descriptors that the JDK and JNA make once. */
    @BeforeAll
    static void warmUp() throws Exception {
        try (var handles = new RawHandles()) {
            var eventfd = handles.counter();
            var future = eventfd.readAsync();
            eventfd.write(1);
            future.get(20, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void noCallMeetsAStrangersDescriptor(ThreadKind kind) throws Exception {
        long before = openDescriptors();
        try (var handles = new RawHandles(Duration.ofNanos(20_000), ForkJoinPool.commonPool())) {
            var slots = new AtomicReferenceArray<RawEventfd>(SLOTS);
            for (int i = 0; i < SLOTS; i++) {
                slots.set(i, open(handles.waits));
            }
            long end = System.nanoTime() + RACE.toNanos();
            List<Running<Void>> threads = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                threads.add(
                        kind.call(() -> {
                            while (System.nanoTime() < end) {
                                useOne(slots);
                            }
                            return null;
                        }));
            }
            long rounds = 0;
            while (System.nanoTime() < end) {
                replaceOne(slots, handles.waits);
                rounds++;
            }
            for (var thread : threads) {
                result(thread);
            }
            assertThat(rounds).isPositive();
            for (int i = 0; i < SLOTS; i++) {
                slots.get(i).close();
            }
        }
        until(() -> openDescriptors() <= before);
    }

    private static RawEventfd open(RawWaits waits) throws Exception {
        boolean semaphore = ThreadLocalRandom.current().nextBoolean();
        return new RawEventfd(
                new EventfdName("raced"),
                semaphore ? EventfdSpec.semaphoreOf(0) : EventfdSpec.counter(),
                EventFd.create(0, semaphore, true),
                waits,
                RawHandles.noLeases(waits),
                closed -> {});
    }

    /** One call of any kind on any handle, which may be closed before or meanwhile. */
    private static void useOne(AtomicReferenceArray<RawEventfd> slots) throws Exception {
        var random = ThreadLocalRandom.current();
        var eventfd = slots.get(random.nextInt(SLOTS));
        var timeout = Duration.ofNanos(random.nextInt(1_000_000));
        try {
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> eventfd.write(1 + random.nextInt(3));
                case 3 -> eventfd.tryRead();
                case 4, 5 -> eventfd.read(timeout);
                case 6 -> eventfd.await(timeout);
                case 7 -> eventfd.count();
                case 8 -> eventfd.readAsync().cancel(true);
                default ->
                        new RawSelection(
                                        List.of(eventfd, slots.get(random.nextInt(SLOTS))),
                                        eventfd.waits(),
                                        random.nextBoolean(),
                                        random.nextBoolean())
                                .await(Deadline.in(timeout));
            }
        } catch (ClosedEventfdException e) {
            // That is what it is to say.
        }
    }

    /** Closes a handle; strangers get its number, and nobody may touch them. */
    private static void replaceOne(AtomicReferenceArray<RawEventfd> slots, RawWaits waits)
            throws Exception {
        int slot = ThreadLocalRandom.current().nextInt(SLOTS);
        slots.get(slot).close();
        try (var one = EventFd.create(1000, false, true);
                var other = EventFd.create(2000, false, true)) {
            Thread.onSpinWait();
            slots.set(slot, open(waits));
            LockSupport.parkNanos(200_000);
            assertThat(one.count()).isEqualTo(1000);
            assertThat(other.count()).isEqualTo(2000);
        }
    }

    @ParameterizedTest
    @EnumSource
    void noCountIsLostToInterruptsTimeoutsOrCancels(ThreadKind kind) throws Exception {
        try (var handles = new RawHandles(Duration.ofNanos(5_000), ForkJoinPool.commonPool())) {
            var eventfd = handles.semaphore(0);
            long end = System.nanoTime() + RACE.toNanos() / 2;
            var taken = new LongAdder();
            List<Running<Void>> readers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                readers.add(
                        kind.call(() -> {
                            while (System.nanoTime() < end) {
                                readOnce(eventfd, taken);
                            }
                            return null;
                        }));
            }
            long written = 0;
            while (System.nanoTime() < end) {
                eventfd.write(1);
                written++;
                var reader = readers.get(ThreadLocalRandom.current().nextInt(readers.size()));
                reader.thread().interrupt();
                long pause = System.nanoTime() + 20_000;
                while (System.nanoTime() < pause) {
                    Thread.onSpinWait();
                }
            }
            for (var reader : readers) {
                result(reader);
            }
            // What was on its way to those who gave up is back once no delivery is under way.
            until(() -> eventfd.line().deliveries() == 0);
            assertThat(taken.sum() + eventfd.count()).isEqualTo(written);
            assertThat(taken.sum()).isPositive();
        }
    }

    private static void readOnce(RawEventfd eventfd, LongAdder taken) {
        try {
            if (ThreadLocalRandom.current().nextInt(4) == 0) {
                var future = eventfd.readAsync();
                Thread.onSpinWait();
                if (!future.cancel(true)) {
                    taken.add(future.join());
                }
            } else {
                eventfd.read(Duration.ofNanos(ThreadLocalRandom.current().nextInt(200_000)))
                        .ifPresent(taken::add);
            }
        } catch (InterruptedException e) {
            // Nothing was taken.
        }
    }

    @Test
    void opensAndClosesLeaveNothingBehind() throws Exception {
        long before = openDescriptors();
        try (var handles = new RawHandles()) {
            for (int i = 0; i < SOAK; i++) {
                var eventfd = open(handles.waits);
                if (i % 10 == 0) {
                    var future = eventfd.readAsync();
                    eventfd.close();
                    assertThat(future.handle((value, failure) -> failure).join())
                            .isInstanceOf(ClosedEventfdException.class);
                } else {
                    eventfd.write(1);
                    eventfd.close();
                }
            }
        }
        until(() -> openDescriptors() <= before);
    }

    @Test
    void aHundredThousandVirtualThreadsWaitAndAllWake() throws Exception {
        int threads = 100_000;
        try (var handles = new RawHandles(Duration.ofNanos(20_000), ForkJoinPool.commonPool())) {
            List<RawEventfd> eventfds = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                eventfds.add(handles.semaphore(0));
            }
            List<Running<Long>> waiting = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                waiting.add(ThreadKind.VIRTUAL.call(eventfds.get(i % eventfds.size())::read));
            }
            until(() ->
                    waiting.stream()
                            .allMatch(
                                    reader -> reader.thread().getState() == Thread.State.WAITING));
            for (var eventfd : eventfds) {
                eventfd.write(threads / eventfds.size());
            }
            for (var thread : waiting) {
                assertThat(result(thread)).isEqualTo(1);
            }
            for (var eventfd : eventfds) {
                assertThat(eventfd.tryRead()).isEmpty();
            }
        }
    }
}
