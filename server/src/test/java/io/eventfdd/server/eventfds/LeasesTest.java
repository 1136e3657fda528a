package io.eventfdd.server.eventfds;

import static io.eventfdd.server.eventfds.LoopUnderTest.NOT_AT_ALL;
import static io.eventfdd.server.eventfds.LoopUnderTest.name;
import static io.eventfdd.server.eventfds.LoopUnderTest.result;
import static io.eventfdd.server.eventfds.LoopUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.AccessMode;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.LeaseState;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.server.eventfds.LoopUnderTest.Client;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** How leases begin, what they are bound to, and how they end: once, whatever happens. */
@Timeout(300)
class LeasesTest {
    private static final Duration LONG = LoopUnderTest.LONG;
    private static final LeaseHolder PROCESS = new LeaseHolder.OfProcess();
    private static final LeaseHolder CONNECTION = new LeaseHolder.OfConnection();
    private static final LeaseHolder HOUR = new LeaseHolder.For(Duration.ofHours(1));

    private LoopUnderTest it;
    private EventfdName permits;
    private EventfdName will;

    @BeforeEach
    void start() throws IOException {
        it = new LoopUnderTest();
        permits = it.semaphore("permits", 5);
        will = it.counter("will");
    }

    @AfterEach
    void end() throws IOException {
        it.close();
    }

    // What is asked for

    private static List<LeaseShare> of(EventfdName name, long value) {
        return List.of(new LeaseShare(name, value));
    }

    private LeaseRequest taking(long value, LeaseHolder holder) {
        return new LeaseRequest(of(permits, value), of(will, 3), holder, NOT_AT_ALL);
    }

    private LeaseRequest waitingFor(long value) {
        return new LeaseRequest(of(permits, value), List.of(), HOUR, LONG);
    }

    private LeaseCalls leases() {
        return it.eventfds.leases();
    }

    /** One whose answer was taken. */
    private Lease taken(long value, LeaseHolder holder, Client client) {
        var lease = leases().take(taking(value, holder), false, client.caller()).orElseThrow();
        lease.sent();
        leases().settle(lease, client.caller(), true);
        return lease;
    }

    /** One of two permits whose answer a key keeps. */
    private Lease takenWithKey(Client client) {
        return leases().take(taking(2, CONNECTION), true, client.caller()).orElseThrow();
    }

    private String id(Lease lease) {
        return lease.state().id();
    }

    private CurrentState state(EventfdName name) {
        return it.eventfds.state(name, it.looking());
    }

    private void assertCounts(long count, long leased) {
        assertThat(List.of(state(permits).count(), state(permits).leased()))
                .containsExactly(count, leased);
    }

    private void becomes(long count, long leased) {
        until(() -> state(permits).count() == count && state(permits).leased() == leased);
    }

    private static ProblemType problemOf(Runnable call) {
        try {
            call.run();
        } catch (ProblemException e) {
            return e.problem().type();
        }
        throw new AssertionError("no problem");
    }

    private static PeerCredentials user(int uid) {
        return new PeerCredentials(1, uid, uid, List.of());
    }

    // Taking

    @Test
    void itTakesAllOrNothingAndTellsOfIt() {
        var client = it.client();
        assertThat(leases().take(taking(6, HOUR), false, client.caller())).isEmpty();
        assertCounts(5, 0);
        var lease = taken(2, HOUR, client);
        assertCounts(3, 2);
        var state = leases().state(id(lease), client.caller());
        assertThat(state.take()).isEqualTo(of(permits, 2));
        assertThat(state.give()).isEqualTo(of(will, 3));
        assertThat(state.holder()).isEqualTo(new LeaseState.Holder(LeaseState.Kind.DURATION, 1, 0));
        assertThat(state.expires().orElseThrow())
                .isBetween(state.since().plusSeconds(3600), Instant.now().plusSeconds(3601));
        assertThat(leases().list(Optional.of(permits), "", 10, client.caller()).leases())
                .containsExactly(state);
        assertThat(leases().list(Optional.of(name("other")), "", 10, client.caller()).leases())
                .isEmpty();
    }

    @Test
    void aWillNeedsNoPermits() {
        var request = new LeaseRequest(List.of(), of(will, 1), CONNECTION, NOT_AT_ALL);
        var client = it.client();
        assertThat(leases().take(request, false, client.caller())).isPresent();
        it.eventfds.forget(client.caller());
        until(() -> leases().list(Optional.empty(), "", 1, client.caller()).leases().isEmpty());
        assertThat(it.count(will)).as("of an answer that was not taken").isZero();
    }

    @Test
    void itWaitsInLineWithReadersAndIsPassedOverWhereItCannotBeServed() {
        assertThat(it.eventfds.read(permits, new ReadRequest(NOT_AT_ALL, 5), it.client().caller()))
                .isPresent();
        var lease =
                it.waiting(
                        permits,
                        1,
                        () -> leases().take(waitingFor(2), false, it.client().caller()));
        var read =
                it.waiting(
                        permits,
                        2,
                        () ->
                                it.eventfds.read(
                                        permits, new ReadRequest(LONG), it.client().caller()));
        it.write(permits, 1);
        assertThat(result(read)).as("it is passed over").isPresent();
        var next =
                it.waiting(
                        permits,
                        2,
                        () ->
                                it.eventfds.read(
                                        permits, new ReadRequest(LONG), it.client().caller()));
        it.write(permits, 2);
        assertThat(result(lease)).as("it kept its place").isPresent();
        assertThat(next).isNotDone();
        it.write(permits, 1);
        assertThat(result(next)).isPresent();
        assertCounts(0, 2);
    }

    @Test
    void severalNamesAreTakenAtOneMoment() {
        var other = it.semaphore("other", 0);
        var request =
                new LeaseRequest(
                        List.of(new LeaseShare(permits, 5), new LeaseShare(other, 2)),
                        List.of(),
                        HOUR,
                        LONG);
        var lease = it.waiting(other, 1, () -> leases().take(request, false, it.client().caller()));
        it.write(other, 1);
        assertCounts(5, 0);
        it.write(other, 1);
        assertThat(result(lease)).isPresent();
        assertCounts(0, 5);
        assertThat(state(other).leased()).isEqualTo(2);
    }

    @Test
    void aClientThatHangsUpWhileItWaitsTakesNothing() throws Exception {
        var client = it.client();
        var lease =
                it.waiting(permits, 1, () -> leases().take(waitingFor(6), false, client.caller()));
        client.end().close();
        assertThatThrownBy(() -> result(lease)).hasCauseInstanceOf(ClientGoneException.class);
        it.write(permits, 1);
        assertCounts(6, 0);
    }

    @Test
    void aDeletedNameEndsTheWaitForIt() {
        var lease =
                it.waiting(
                        permits,
                        1,
                        () -> leases().take(waitingFor(6), false, it.client().caller()));
        it.eventfds.delete(permits, it.client().caller());
        assertThatThrownBy(() -> result(lease))
                .cause()
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        e -> assertThat(e.problem().type()).isEqualTo(ProblemType.GONE));
    }

    @Test
    void whatCannotBeLeasedIsRefused() {
        var caller = it.client().caller();
        var counter = new LeaseRequest(of(will, 1), List.of(), HOUR, NOT_AT_ALL);
        assertThat(problemOf(() -> leases().take(counter, false, caller)))
                .isEqualTo(ProblemType.INVALID_VALUE);
        var nobody = new LeaseRequest(of(name("nobody"), 1), List.of(), HOUR, NOT_AT_ALL);
        assertThat(problemOf(() -> leases().take(nobody, false, caller)))
                .isEqualTo(ProblemType.NOT_FOUND);
        assertCounts(5, 0);
    }

    // The end

    @Test
    void aReleaseServesTheNextInLine() {
        var client = it.client();
        var lease = taken(5, HOUR, client);
        var next =
                it.waiting(
                        permits,
                        1,
                        () -> leases().take(waitingFor(4), false, it.client().caller()));
        leases().release(id(lease), client.caller());
        assertThat(result(next)).isPresent();
        assertCounts(1, 4);
        assertThat(it.count(will)).as("it did not lapse").isZero();
        assertThat(problemOf(() -> leases().release(id(lease), client.caller())))
                .isEqualTo(ProblemType.NOT_FOUND);
    }

    @Test
    void whatIsCommittedStaysTaken() {
        var client = it.client();
        leases().commit(id(taken(2, CONNECTION, client)), client.caller());
        assertCounts(3, 0);
        it.eventfds.forget(client.caller());
        assertCounts(3, 0);
        assertThat(it.count(will)).isZero();
    }

    @Test
    void itLapsesWithItsConnection() {
        var client = it.client();
        taken(2, CONNECTION, client);
        taken(1, CONNECTION, client);
        assertThat(client.caller().holdsLeases()).isTrue();
        it.eventfds.forget(client.caller());
        becomes(5, 0);
        until(() -> it.count(will) == 6);
        assertThat(leases().lapses()).isEqualTo(2);
        assertThat(leases().returned()).isEqualTo(3);
    }

    @Test
    void itLapsesWithItsProcess() throws Exception {
        try (var holder = it.process()) {
            var client = holder.client();
            long before = pidfds();
            taken(2, PROCESS, client);
            taken(1, PROCESS, client);
            assertCounts(2, 3);
            assertThat(pidfds()).as("one for both").isEqualTo(before + 1);
            it.eventfds.forget(client.caller());
            assertCounts(2, 3);
            holder.kill();
            becomes(5, 0);
            until(() -> it.count(will) == 6);
            until(() -> pidfds() == before);
        }
    }

    @Test
    void aProcessIsWatchedAsLongAsItIsConnected() throws Exception {
        try (var holder = it.process()) {
            var client = holder.client();
            long before = pidfds();
            for (int i = 0; i < 3; i++) {
                var lease = taken(2, PROCESS, client);
                leases().release(id(lease), client.caller());
                assertThat(pidfds()).as("between two leases").isEqualTo(before + 1);
            }
            it.eventfds.forget(client.caller());
            until(() -> pidfds() == before);
            assertCounts(5, 0);
        }
    }

    @Test
    void aProcessThatEndsWithoutALeaseIsNotWatchedAnyMore() throws Exception {
        try (var holder = it.process()) {
            var client = holder.client();
            long before = pidfds();
            leases().release(id(taken(2, PROCESS, client)), client.caller());
            holder.kill();
            until(() -> pidfds() == before);
            it.eventfds.forget(client.caller());
            assertCounts(5, 0);
            assertThat(it.count(will)).isZero();
        }
    }

    private static long pidfds() {
        try (var fds = Files.list(Path.of("/proc/self/fd"))) {
            return fds.filter(LeasesTest::isPidfd).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isPidfd(Path fd) {
        try {
            return Files.readSymbolicLink(fd).toString().contains("pidfd");
        } catch (IOException gone) {
            return false;
        }
    }

    @Test
    void itLapsesWhenItsTimeIsUpUnlessItIsRenewed() {
        var client = it.client();
        long before = System.nanoTime();
        var lease = taken(2, new LeaseHolder.For(Duration.ofSeconds(1)), client);
        var renewed = leases().renew(id(lease), Optional.empty(), client.caller());
        assertThat(renewed.since()).isEqualTo(lease.state().since());
        becomes(5, 0);
        assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(1_000_000_000L);
        until(() -> it.count(will) == 3);
        assertThat(problemOf(() -> leases().renew(id(lease), Optional.empty(), client.caller())))
                .isEqualTo(ProblemType.NOT_FOUND);
    }

    @Test
    void aRenewalMovesItToAnotherHolder() {
        var first = it.client();
        var second = it.client();
        var lease = taken(2, CONNECTION, first);
        assertThat(
                        problemOf(() ->
                                leases().renew(
                                                id(lease),
                                                Optional.of(CONNECTION),
                                                second.caller())))
                .isEqualTo(ProblemType.EXISTS);
        leases().renew(id(lease), Optional.of(HOUR), second.caller());
        it.eventfds.forget(first.caller());
        assertCounts(3, 2);
        leases().renew(id(lease), Optional.of(CONNECTION), second.caller());
        assertThat(lease.state().expires()).isEmpty();
        it.eventfds.forget(second.caller());
        becomes(5, 0);
    }

    @Test
    void aDeletedNameTakesItsPartWithItAndANewOneGetsNothing() {
        var client = it.client();
        var lease = taken(2, CONNECTION, client);
        it.eventfds.delete(permits, client.caller());
        it.eventfds.delete(will, client.caller());
        it.semaphore("permits", 1);
        it.counter("will");
        assertCounts(1, 0);
        assertThat(leases().state(id(lease), client.caller()).take()).hasSize(1);
        it.eventfds.forget(client.caller());
        until(() -> leases().list(Optional.empty(), "", 1, client.caller()).leases().isEmpty());
        assertCounts(1, 0);
        assertThat(it.count(will)).isZero();
    }

    @Test
    void whatFindsNoRoomComesAsSoonAsThereIs() {
        var client = it.client();
        var lease = taken(2, HOUR, client);
        assertThat(it.write(permits, -2 - 3)).isTrue();
        leases().release(id(lease), client.caller());
        assertThat(it.count(permits)).as("it is full").isEqualTo(-2);
        var writer =
                it.waiting(
                        permits,
                        1,
                        () -> it.eventfds.write(permits, 1, LONG, it.client().caller()));
        assertThat(it.read(permits)).isEqualTo(1);
        assertThat(it.read(permits)).isEqualTo(1);
        assertThat(writer).as("it is behind what goes back").isNotDone();
        assertThat(it.read(permits)).isEqualTo(1);
        assertThat(result(writer)).isTrue();
    }

    @Test
    void thousandsEndWithTheirConnectionInSmallSteps() {
        var many = it.semaphore("many", 10_000);
        var client = it.client();
        var request = new LeaseRequest(of(many, 1), of(will, 1), CONNECTION, NOT_AT_ALL);
        for (int i = 0; i < 10_000; i++) {
            var lease = leases().take(request, false, client.caller()).orElseThrow();
            leases().settle(lease, client.caller(), true);
        }
        assertThat(state(many).leased()).isEqualTo(10_000);
        it.eventfds.forget(client.caller());
        until(() -> state(many).count() == 10_000 && state(many).leased() == 0);
        until(() -> it.count(will) == 10_000);
    }

    // The answer

    @Test
    void aClientThatDidNotTakeTheAnswerHasNoLease() {
        var client = it.client();
        for (var holder : List.of(PROCESS, CONNECTION, HOUR)) {
            var lease = leases().take(taking(2, holder), false, client.caller()).orElseThrow();
            lease.sent();
            leases().settle(lease, client.caller(), false);
            becomes(5, 0);
        }
        assertThat(it.count(will)).isZero();
    }

    @Test
    void aHolderThatEndsBeforeTheAnswerIsTakenLeavesNothing() throws Exception {
        try (var holder = it.process()) {
            var client = holder.client();
            var lease = leases().take(taking(2, PROCESS), false, client.caller()).orElseThrow();
            holder.kill();
            it.eventfds.forget(client.caller());
            becomes(5, 0);
            assertThat(it.count(will)).isZero();
            leases().settle(lease, client.caller(), true);
            assertCounts(5, 0);
        }
    }

    @Test
    void aRenewalForAProcessThatHasEndedBeforeTheAnswerIsTakenLetsItLapse() throws Exception {
        try (var holder = it.process()) {
            var client = holder.client();
            var lease = leases().take(taking(2, PROCESS), false, client.caller()).orElseThrow();
            holder.kill();
            until(() -> inLoop(() -> lease.holderEnded));
            leases().renew(id(lease), Optional.of(PROCESS), client.caller());
            becomes(5, 0);
            until(() -> it.count(will) == 3);
        }
    }

    private boolean inLoop(BooleanSupplier question) {
        var answer = new CompletableFuture<Boolean>();
        it.loop.submit(() -> answer.complete(question.getAsBoolean()));
        return result(answer);
    }

    @Test
    void anAnswerThatIsKeptForAKeyKeepsTheLeaseOfAConnectionUntilTheKeyIsOver() {
        var client = it.client();
        var lease = takenWithKey(client);
        leases().settle(lease, client.caller(), false);
        it.eventfds.forget(client.caller());
        assertCounts(3, 2);
        leases().keyOver(lease);
        becomes(5, 0);
        until(() -> it.count(will) == 3);
    }

    @Test
    void suchALeaseCanBeResumedOnAnotherConnection() {
        var first = it.client();
        var second = it.client();
        resumes(takenWithKey(first), first, second);
    }

    /** The second connection resumes the lease of the first, and keeps it after the key's end. */
    private void resumes(Lease lease, Client first, Client second) {
        it.eventfds.forget(first.caller());
        leases().renew(id(lease), Optional.empty(), second.caller());
        leases().keyOver(lease);
        assertCounts(3, 2);
        assertThat(it.count(will)).isZero();
        it.eventfds.forget(second.caller());
        becomes(5, 0);
    }

    @Test
    void aRetryThatHasTheAnswerOnAnotherConnectionCanResumeItThereOnceTheFirstHasEnded() {
        var first = it.client();
        var second = it.client();
        var lease = takenWithKey(first);
        lease.sent();
        leases().settle(lease, second.caller(), true);
        assertThat(
                        problemOf(() ->
                                leases().renew(
                                                id(lease),
                                                Optional.of(CONNECTION),
                                                second.caller())))
                .isEqualTo(ProblemType.EXISTS);
        leases().settle(lease, first.caller(), false);
        resumes(lease, first, second);
    }

    @Test
    void aLeaseWhoseFirstAnswerWasTakenEndsWithItsConnectionWhateverARetryGot() {
        var first = it.client();
        var second = it.client();
        var lease = takenWithKey(first);
        leases().settle(lease, first.caller(), true);
        leases().settle(lease, second.caller(), true);
        it.eventfds.forget(first.caller());
        becomes(5, 0);
    }

    // Limits and rights

    @Test
    void aUserHasNoMoreThanItMay() throws Exception {
        var one = new Limits.Limit(2, 1);
        var room = new Limits.Limit(100, 100);
        try (var small = new LoopUnderTest(new Limits(room, room, 100, room, one, 100))) {
            small.semaphore("s", 9);
            var request = new LeaseRequest(of(name("s"), 1), List.of(), HOUR, NOT_AT_ALL);
            var calls = small.eventfds.leases();
            var first = calls.take(request, false, small.client().caller()).orElseThrow();
            assertThatThrownBy(() -> calls.take(request, false, small.client().caller()))
                    .hasMessageContaining("max-leases-per-user");
            calls.release(id(first), small.client().caller());
            assertThat(calls.take(request, false, small.client().caller())).isPresent();
            small.eventfds.limit(new Limits(room, room, 100, room, new Limits.Limit(1, 1), 100));
            assertThatThrownBy(() -> calls.take(request, false, small.client(user(0)).caller()))
                    .hasMessageContaining("max-leases:");
            assertThat(small.eventfds.state(name("s"), small.client().caller()).leased())
                    .isEqualTo(1);
        }
    }

    @Test
    void processesThatHoldLeasesAreBounded() throws Exception {
        var room = new Limits.Limit(100, 100);
        try (var small = new LoopUnderTest(new Limits(room, room, 100, room, room, 0))) {
            small.semaphore("s", 9);
            var request = new LeaseRequest(of(name("s"), 1), List.of(), PROCESS, NOT_AT_ALL);
            assertThatThrownBy(() ->
                            small.eventfds.leases().take(request, false, small.client().caller()))
                    .hasMessageContaining("open files");
            assertThat(small.count(name("s"))).isEqualTo(9);
        }
    }

    @Test
    void aConnectedProcessWithoutALeaseMakesRoomForAnother() throws Exception {
        var room = new Limits.Limit(100, 100);
        try (var small = new LoopUnderTest(new Limits(room, room, 100, room, room, 1));
                var one = small.process();
                var other = small.process()) {
            small.semaphore("s", 9);
            var request = new LeaseRequest(of(name("s"), 1), List.of(), PROCESS, NOT_AT_ALL);
            var calls = small.eventfds.leases();
            for (int i = 0; i < 3; i++) {
                for (var holder : List.of(one, other)) {
                    var caller = holder.client().caller();
                    var lease = calls.take(request, false, caller).orElseThrow();
                    assertThat(small.count(name("s"))).isEqualTo(8);
                    calls.release(id(lease), caller);
                }
            }
            assertThat(calls.take(request, false, one.client().caller())).isPresent();
            assertThatThrownBy(() -> calls.take(request, false, other.client().caller()))
                    .hasMessageContaining("open files");
            assertThat(small.count(name("s"))).isEqualTo(8);
        }
    }

    @Test
    void anotherUserSeesWhatItMayReadAndEndsNothing() {
        var owner = it.client(user(1000));
        var other = it.client(user(2000));
        it.eventfds.create(
                name("mine"),
                new EventfdSpec(3, true, true, AccessMode.parse("0600")),
                owner.caller());
        it.eventfds.create(
                name("ours"),
                new EventfdSpec(3, true, true, AccessMode.parse("0664")),
                owner.caller());
        var hidden =
                leases().take(
                                new LeaseRequest(of(name("mine"), 1), List.of(), HOUR, NOT_AT_ALL),
                                false,
                                owner.caller())
                        .orElseThrow();
        var seen =
                leases().take(
                                new LeaseRequest(of(name("ours"), 1), List.of(), HOUR, NOT_AT_ALL),
                                false,
                                owner.caller())
                        .orElseThrow();
        assertThat(leases().list(Optional.empty(), "", 10, other.caller()).leases())
                .containsExactly(seen.state());
        for (var call :
                List.<Runnable>of(
                        () -> leases().release(id(seen), other.caller()),
                        () -> leases().commit(id(seen), other.caller()),
                        () -> leases().renew(id(seen), Optional.empty(), other.caller()))) {
            assertThat(problemOf(call)).isEqualTo(ProblemType.FORBIDDEN);
        }
        assertThat(problemOf(() -> leases().state(id(hidden), other.caller())))
                .isEqualTo(ProblemType.NOT_FOUND);
        assertThat(problemOf(() -> leases().release(id(hidden), other.caller())))
                .isEqualTo(ProblemType.NOT_FOUND);
        assertThat(
                        problemOf(() ->
                                leases().take(
                                                new LeaseRequest(
                                                        of(name("ours"), 1),
                                                        List.of(),
                                                        HOUR,
                                                        NOT_AT_ALL),
                                                false,
                                                other.caller())))
                .as("taking needs w too")
                .isEqualTo(ProblemType.FORBIDDEN);
        leases().release(id(hidden), it.client().caller());
    }

    // All at once

    /** Whoever looks sees each permit once, in the count or in what is leased. */
    @Test
    void countAndLeasedAddUpAtEveryMoment() {
        var other = it.semaphore("other", 5);
        var workers = new ArrayList<CompletableFuture<Integer>>();
        for (int seed = 0; seed < 6; seed++) {
            var random = new Random(seed);
            workers.add(it.inBackground(() -> takeAndRelease(random, other)));
        }
        while (!workers.stream().allMatch(CompletableFuture::isDone)) {
            for (var name : List.of(permits, other)) {
                var seen = state(name);
                assertThat(seen.count() + seen.leased()).as(name.value()).isEqualTo(5);
            }
        }
        assertThat(workers.stream().mapToInt(LoopUnderTest::result).sum()).isPositive();
        assertCounts(5, 0);
    }

    private int takeAndRelease(Random random, EventfdName other) {
        int served = 0;
        for (int i = 0; i < 40; i++) {
            var client = it.client();
            var request =
                    new LeaseRequest(
                            List.of(
                                    new LeaseShare(permits, 1 + random.nextInt(5)),
                                    new LeaseShare(other, 1 + random.nextInt(5))),
                            List.of(),
                            random.nextBoolean() ? HOUR : CONNECTION,
                            Duration.ofMillis(random.nextInt(20)));
            var lease = leases().take(request, false, client.caller());
            if (lease.isPresent()) {
                served++;
                leases().settle(lease.get(), client.caller(), random.nextInt(4) != 0);
                if (random.nextBoolean()) {
                    try {
                        leases().release(id(lease.get()), client.caller());
                    } catch (ProblemException withdrawn) {
                        assertThat(withdrawn.problem().type()).isEqualTo(ProblemType.NOT_FOUND);
                    }
                }
            }
            it.eventfds.forget(client.caller());
            lease.ifPresent(left -> {
                try {
                    leases().release(id(left), it.client().caller());
                } catch (ProblemException ended) {
                    assertThat(ended.problem().type()).isEqualTo(ProblemType.NOT_FOUND);
                }
            });
        }
        return served;
    }

    /**
     * A reader that stands at another eventfd may be ahead, so the one without time to wait stays
     * in line for one look more; its connection ends before that.
     */
    @Test
    void aClientThatGoesBeforeItIsServedTakesNothing() {
        var other = it.semaphore("other", 0);
        var both = List.of(new LeaseShare(permits, 1), new LeaseShare(other, 1));
        var ahead = new LeaseRequest(both, List.of(), HOUR, LONG);
        var waiting = it.waiting(other, 1, () -> leases().take(ahead, false, it.client().caller()));
        var gone = it.client().caller();
        var asked = new CompletableFuture<LeaseCalls.Asked>();
        it.loop.submit(() -> {
            asked.complete(leases().ask(taking(1, PROCESS), gone));
            leases().ended(gone);
        });
        result(result(asked).settled());
        assertCounts(5, 0);
        assertThat(it.write(other, 1)).isTrue();
        assertThat(result(waiting)).isPresent();
        assertCounts(4, 1);
    }

    /** A raw holder takes and returns permits meanwhile: none is lost or made. */
    @Test
    void aRawHolderThatIsFasterCostsNothing() throws Exception {
        var opened = new CompletableFuture<EventFd>();
        it.loop.submit(() -> {
            var request = new OpenRequest(List.of(OpenRequest.Entry.of(permits)));
            var fd =
                    it.eventfds
                            .handouts()
                            .open(request, it.client().caller())
                            .fds()
                            .getFirst()
                            .duplicate();
            opened.complete(EventFd.adopt(fd));
        });
        try (var raw = result(opened)) {
            var served = new AtomicBoolean();
            var racing =
                    it.inBackground(() -> {
                        for (int i = 0; i < 20_000 || !served.get(); i++) {
                            if (raw.read() != 0) {
                                raw.write(1);
                            }
                        }
                        return true;
                    });
            var client = it.client();
            while (!racing.isDone()) {
                var lease = leases().take(taking(5, CONNECTION), false, client.caller());
                if (lease.isPresent()) {
                    served.set(true);
                    leases().release(id(lease.get()), client.caller());
                }
            }
            assertThat(result(racing)).isTrue();
            assertCounts(5, 0);
        }
    }

    // From process to process

    @Test
    void aLeaseOfAnotherProcessWaitsForItsEventfds() throws Exception {
        var identity = it.identity("later", EventfdSpec.semaphoreOf(4));
        var state =
                new LeaseState(
                        "kept",
                        of(identity.name(), 2),
                        of(will, 7),
                        new LeaseState.Holder(LeaseState.Kind.PROCESS, 0, 0),
                        Instant.EPOCH,
                        Optional.empty());
        var kept = new KeptLease(state, 0, Duration.ZERO, 0, Set.of(will));
        var vacancy = new Vacancy(identity, true, 2, List.of(), Former.NONE);
        it.eventfds
                .succession()
                .restore(List.of(), List.of(vacancy), List.of(kept), Duration.ofMillis(50), false);
        assertThat(leases().state("kept", it.client().caller())).isEqualTo(state);
        until(() -> leases().list(Optional.empty(), "", 1, it.looking()).leases().isEmpty());
        var later = state(identity.name());
        assertThat(later.count()).as("its holder is gone, so it came back").isEqualTo(4);
        assertThat(later.leased()).isZero();
        assertThat(it.count(will)).as("that of before was deleted").isZero();
    }
}
