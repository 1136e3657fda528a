package io.eventfdd.server.eventfds;

import static io.eventfdd.server.eventfds.LoopUnderTest.LONG;
import static io.eventfdd.server.eventfds.LoopUnderTest.NOT_AT_ALL;
import static io.eventfdd.server.eventfds.LoopUnderTest.name;
import static io.eventfdd.server.eventfds.LoopUnderTest.result;
import static io.eventfdd.server.eventfds.LoopUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.LoopCalls;
import io.eventfdd.server.loop.Registration;
import io.eventfdd.server.testing.OwnJvm;
import io.eventfdd.server.testing.TestLimits;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

@OwnJvm
class EventLoopTest {
    /** At most, on a busy machine. */
    private static final Duration RACE = Duration.ofSeconds(5);

    /** Held, since java.util.logging forgets a level with its logger. */
    private static final Logger LOG = Logger.getLogger(EventLoop.class.getName());

    private final AtomicInteger failures = new AtomicInteger();
    private EventLoop loop;

    @BeforeAll
    static void failInSilence() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void failAloudAgain() {
        LOG.setLevel(null);
    }

    @BeforeEach
    void start() throws IOException {
        loop = new EventLoop(System::nanoTime);
    }

    @AfterEach
    void stop() {
        loop.close();
    }

    private void run() {
        loop.start(failures::incrementAndGet);
    }

    private <T> T onLoop(Callable<T> call) {
        return result(submit(call));
    }

    private <T> CompletableFuture<T> submit(Callable<T> call) {
        var result = new CompletableFuture<T>();
        loop.submit(() -> {
            try {
                result.complete(call.call());
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    /** Counts how often it was done and how often abandoned. */
    private static final class Counted implements EventLoop.Task {
        private final AtomicInteger done = new AtomicInteger();
        private final AtomicInteger abandoned = new AtomicInteger();

        @Override
        public void run() {
            done.incrementAndGet();
        }

        @Override
        public void abandon() {
            abandoned.incrementAndGet();
        }
    }

    // Tasks

    @Test
    void tasksRunOnItsThreadInTheOrderOfTheirSubmission() {
        run();
        var order = Collections.synchronizedList(new ArrayList<Integer>());
        for (int i = 0; i < 1000; i++) {
            int number = i;
            loop.submit(() -> order.add(loop.inLoop() ? number : -1));
        }
        assertThat(onLoop(() -> Thread.currentThread().getName())).isEqualTo("eventfdd-loop");
        assertThat(order).hasSize(1000).isSorted().doesNotContain(-1);
        assertThat(loop.inLoop()).isFalse();
    }

    @Test
    void whatIsSubmittedBeforeTheStartRunsAfterIt() {
        var early = submit(() -> "done");
        assertThat(early).isNotDone();
        run();
        assertThat(result(early)).isEqualTo("done");
    }

    /** Each waits for its own, so that the loop falls asleep and is woken all the time. */
    @Test
    void whatManySubmitWhileTheLoopFallsAsleepIsDone() throws InterruptedException {
        run();
        var submitted = new AtomicInteger();
        var done = new AtomicInteger();
        var threads = new ArrayList<Thread>();
        long end = System.nanoTime() + RACE.toNanos();
        for (int i = 0; i < 3; i++) {
            threads.add(
                    Thread.startVirtualThread(() -> {
                        int rounds = 0;
                        do {
                            submitted.incrementAndGet();
                            onLoop(done::incrementAndGet);
                        } while (++rounds < 20_000 && System.nanoTime() - end < 0);
                    }));
        }
        for (var thread : threads) {
            assertThat(thread.join(Duration.ofSeconds(30))).as("in time").isTrue();
        }
        assertThat(done).hasValue(submitted.get());
    }

    @Test
    void aTaskThatKeepsSubmittingDoesNotKeepEventsWaiting() throws IOException {
        run();
        try (var eventFd = EventFd.create(0, false, true)) {
            var told = new CompletableFuture<Integer>();
            var rounds = new AtomicLong();
            onLoop(() -> loop.register(eventFd.fd(), Epoll.IN | Epoll.ET, told::complete));
            loop.submit(
                    new EventLoop.Task() {
                        @Override
                        public void run() throws IOException {
                            if (rounds.incrementAndGet() == 100) {
                                eventFd.write(1);
                            }
                            if (!told.isDone()) {
                                loop.submit(this);
                            }
                        }
                    });
            assertThat(result(told)).isEqualTo(Epoll.IN);
        }
    }

    @Test
    void timersRunInTheirOrderAndNoSoonerThanTheirTime() {
        var clock = new AtomicLong(Long.MAX_VALUE - 1000);
        var order = new ArrayList<String>();
        try (var timed = loopWith(clock)) {
            var begun = new CompletableFuture<Void>();
            timed.submit(() -> {
                timed.after(Duration.ofHours(2), () -> order.add("later"));
                timed.after(Duration.ofHours(1), () -> order.add("sooner"));
                timed.after(Duration.ofHours(1), () -> order.add("then"));
                begun.complete(null);
            });
            result(begun);
            clock.addAndGet(Duration.ofHours(1).toNanos() - 1);
            assertThat(afterATurn(timed, order)).isEmpty();
            clock.addAndGet(1);
            assertThat(afterATurn(timed, order)).containsExactly("sooner", "then");
            clock.addAndGet(Duration.ofHours(1).toNanos());
            assertThat(afterATurn(timed, order)).containsExactly("sooner", "then", "later");
        }
    }

    @Test
    void whatATimerSubmitsIsDoneThoughNothingElseHappens() {
        run();
        var done = new CompletableFuture<String>();
        loop.submit(() ->
                loop.after(Duration.ofMillis(1), () -> loop.submit(() -> done.complete("done"))));
        assertThat(result(done)).isEqualTo("done");
    }

    private static EventLoop loopWith(AtomicLong clock) {
        try {
            var timed = new EventLoop(clock::get);
            timed.start(() -> {});
            return timed;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * What {@code order} is after a whole turn: the second task comes in a turn after the first.
     */
    private static List<String> afterATurn(EventLoop timed, List<String> order) {
        var seen = new CompletableFuture<List<String>>();
        timed.submit(() -> timed.submit(() -> seen.complete(List.copyOf(order))));
        return result(seen);
    }

    // Events

    @Test
    void aReusedDescriptorGetsNoEventOfTheOneBefore() throws IOException {
        run();
        var told = Collections.synchronizedList(new ArrayList<String>());
        try (var first = EventFd.create(0, false, true)) {
            var before = EventFd.create(0, false, true);
            var reused = new CompletableFuture<EventFd>();
            onLoop(() -> {
                var old = loop.register(before.fd(), Epoll.IN | Epoll.ET, _ -> told.add("before"));
                loop.register(
                        first.fd(),
                        Epoll.IN | Epoll.ET,
                        _ -> {
                            told.add("first");
                            loop.unregister(old);
                            before.close();
                            var after = sameNumber(before.fd().number());
                            loop.register(after.fd(), Epoll.IN | Epoll.ET, _ -> told.add("after"));
                            reused.complete(after);
                        });
                // The loop finds both with its next look, in this order.
                first.write(1);
                before.write(1);
                return told;
            });
            try (var after = result(reused)) {
                assertThat(after.fd().number()).isEqualTo(before.fd().number());
                onLoop(() -> "a turn later");
                assertThat(told).containsExactly("first");
                after.write(1);
                until(() -> told.size() == 2);
                assertThat(told).containsExactly("first", "after");
            }
        }
    }

    /** A new eventfd that has {@code number} again, which is free. */
    private static EventFd sameNumber(int number) throws IOException {
        var others = new ArrayList<EventFd>();
        var made = EventFd.create(0, false, true);
        while (made.fd().number() != number) {
            others.add(made);
            made = EventFd.create(0, false, true);
        }
        others.forEach(EventFd::close);
        return made;
    }

    @Test
    void whatIsUnregisteredInATurnHearsNothingOfThatTurn() throws IOException {
        run();
        var told = Collections.synchronizedList(new ArrayList<String>());
        try (var one = EventFd.create(0, false, true);
                var other = EventFd.create(0, false, true)) {
            onLoop(() -> {
                var registrations = new ArrayList<Registration>();
                registrations.add(
                        loop.register(
                                one.fd(),
                                Epoll.IN,
                                _ -> {
                                    told.add("one");
                                    registrations.forEach(EventLoopTest.this::unregister);
                                }));
                registrations.add(
                        loop.register(
                                other.fd(),
                                Epoll.IN,
                                _ -> {
                                    told.add("other");
                                    registrations.forEach(EventLoopTest.this::unregister);
                                }));
                one.write(1);
                other.write(1);
                return told;
            });
            until(() -> !told.isEmpty());
            onLoop(() -> "a turn later");
            assertThat(told).hasSize(1);
        }
    }

    private void unregister(Registration registration) {
        try {
            loop.unregister(registration);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void onlyItsOwnThreadRegisters() throws IOException {
        run();
        try (var eventFd = EventFd.create(0, false, true)) {
            assertThatThrownBy(() -> loop.register(eventFd.fd(), Epoll.IN, _ -> {}))
                    .isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void anEventHasTimeEvenIfTheLoopHasSleptForLong() throws IOException {
        var clock = new AtomicLong();
        try (var other = new EventLoop(clock::get);
                var eventFd = EventFd.create(0, false, true)) {
            other.start(failures::incrementAndGet);
            var hadTime = new CompletableFuture<Boolean>();
            new LoopCalls(other)
                    .run(() ->
                            other.register(
                                    eventFd.fd(),
                                    Epoll.IN | Epoll.ET,
                                    events -> hadTime.complete(other.hasTime())));
            clock.addAndGet(Duration.ofMinutes(1).toNanos());
            eventFd.write(1);
            assertThat(result(hadTime)).isTrue();
        }
    }

    // The end

    @Test
    void whatIsSubmittedIsDoneOrAbandonedAndEitherOnce() throws Exception {
        run();
        var tasks = new ArrayList<Counted>();
        for (int i = 0; i < 20_000; i++) {
            tasks.add(new Counted());
        }
        try (var threads = Executors.newFixedThreadPool(4)) {
            var submissions = new ArrayList<CompletableFuture<Void>>();
            for (int thread = 0; thread < 4; thread++) {
                var mine = tasks.subList(thread * 5000, (thread + 1) * 5000);
                submissions.add(
                        CompletableFuture.runAsync(() -> mine.forEach(loop::submit), threads));
            }
            until(() -> tasks.getFirst().done.get() == 1);
            loop.close();
            submissions.forEach(LoopUnderTest::result);
        }
        assertThat(tasks)
                .allSatisfy(
                        task -> assertThat(task.done.get() + task.abandoned.get()).isEqualTo(1));
        assertThat(failures).hasValue(0);
    }

    @Test
    void closingDoesWhatWasSubmittedBeforeAndClosesItsDescriptors() throws IOException {
        var before = openEpolls();
        var other = new EventLoop(System::nanoTime);
        assertThat(openEpolls()).isEqualTo(before + 1);
        other.start(failures::incrementAndGet);
        var task = new Counted();
        other.submit(task);
        other.close();
        assertThat(task.done).hasValue(1);
        assertThat(openEpolls()).isEqualTo(before);
        other.submit(task);
        assertThat(task.abandoned).hasValue(1);
        other.close();
    }

    /** How many epoll sets this process has. */
    private static long openEpolls() throws IOException {
        try (var links = Files.list(Path.of("/proc/self/fd"))) {
            return links.filter(EventLoopTest::isEpoll).count();
        }
    }

    private static boolean isEpoll(Path link) {
        try {
            return Files.readSymbolicLink(link).toString().contains("[eventpoll]");
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    // Failure

    @Test
    void aTaskThatThrowsEndsAllWaitsAndAllThatComeLater() throws IOException {
        var eventfds = new Eventfds(loop, TestLimits.of(10, 10), 0, Clock.systemUTC(), Ledger.NONE);
        loop.start(() -> {
            failures.incrementAndGet();
            eventfds.loopFailed();
        });
        try (var socket = EventFd.create(0, false, true);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var caller = new Caller(socket.fd(), new PeerCredentials(1, 0, 0, List.of()));
            var watching = new Caller(Fd.borrow(socket.fd().number()), caller.peer());
            eventfds.create(name("a"), EventfdSpec.counter(), caller);
            var read =
                    CompletableFuture.supplyAsync(
                            () -> eventfds.read(name("a"), new ReadRequest(LONG), caller), threads);
            until(() -> eventfds.state(name("a"), watching).waiters() == 1);

            loop.submit(() -> {
                throw new IllegalStateException("a bug, on purpose");
            });
            assertInternal(() -> result(read));
            until(() -> failures.get() == 1);

            assertInternal(() -> eventfds.read(name("a"), new ReadRequest(LONG), watching));
            assertInternal(() -> eventfds.create(name("b"), EventfdSpec.counter(), watching));
            assertInternal(() -> eventfds.delete(name("a"), watching));
            assertInternal(eventfds::size);
            var late = new Counted();
            loop.submit(late);
            assertThat(late.abandoned).hasValue(1);
            assertThat(failures).as("calls of onFailure").hasValue(1);
        }
    }

    @Test
    void aWatchIsToldOfTheFailureToo() throws Exception {
        var eventfds = new Eventfds(loop, TestLimits.of(10, 10), 0, Clock.systemUTC(), Ledger.NONE);
        loop.start(eventfds::loopFailed);
        try (var socket = EventFd.create(0, false, true)) {
            var caller = new Caller(socket.fd(), new PeerCredentials(1, 0, 0, List.of()));
            eventfds.create(name("a"), EventfdSpec.counter(), caller);
            var watch = eventfds.watch(name("a"), caller);
            assertThat(watch.next(LONG)).contains(new Watch.Event.Counted(0));
            loop.submit(() -> {
                throw new AssertionError("a bug, on purpose");
            });
            assertThat(watch.next(LONG)).contains(new Watch.Event.Ended(End.FAILED));
            assertThat(watch.next(NOT_AT_ALL)).isEmpty();
        }
    }

    @Test
    void aTargetThatThrowsIsAFailureToo() throws IOException {
        run();
        try (var eventFd = EventFd.create(1, false, true)) {
            onLoop(() ->
                    loop.register(
                            eventFd.fd(),
                            Epoll.IN,
                            _ -> {
                                throw new IOException("a bug, on purpose");
                            }));
            until(() -> failures.get() == 1);
        }
    }

    @Test
    void whatWasSubmittedBehindABugIsAbandoned() {
        var bug = new AtomicBoolean();
        loop.submit(() -> {
            bug.set(true);
            throw new IllegalStateException("a bug, on purpose");
        });
        var behind = new Counted();
        loop.submit(behind);
        run();
        until(() -> behind.abandoned.get() == 1);
        assertThat(bug).isTrue();
        assertThat(behind.done).hasValue(0);
        assertThat(failures).hasValue(1);
    }

    @Test
    void aCallThatEndsTheLoopByABugReturns() {
        run();
        var calls = new LoopCalls(loop);
        assertInternal(() ->
                calls.get(() -> {
                    throw new IOException("a bug");
                }));
        until(() -> failures.get() == 1);
    }

    @Test
    void aTaskThatEndsTheLoopByABugIsNotDone() {
        run();
        assertThat(
                        new LoopCalls(loop)
                                .run(() -> {
                                    throw new IllegalStateException("a bug");
                                }))
                .isFalse();
    }

    private static void assertInternal(ThrowingCallable call) {
        assertThatThrownBy(call)
                .satisfies(thrown ->
                        assertThat(thrown instanceof ProblemException ? thrown : thrown.getCause())
                                .isInstanceOfSatisfying(
                                        ProblemException.class,
                                        e ->
                                                assertThat(e.problem().type())
                                                        .isEqualTo(ProblemType.INTERNAL)));
    }
}
