package io.eventfdd.server.fdsocket;

import static io.eventfdd.server.fdsocket.FdServerUnderTest.name;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.there;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.wire.DonateReply;
import io.eventfdd.internal.wire.DonateReply.Result;
import io.eventfdd.internal.wire.DonateReply.Taken;
import io.eventfdd.internal.wire.DonateRequest;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.server.eventfds.Caller;
import io.eventfdd.server.eventfds.End;
import io.eventfdd.server.eventfds.Former;
import io.eventfdd.server.eventfds.Identity;
import io.eventfdd.server.eventfds.Owner;
import io.eventfdd.server.eventfds.Vacancy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A name that nobody brought back in time has begun anew with the count that was known. Its holders
 * have the same count still; whoever of them comes late, nothing is there twice.
 */
@Timeout(300)
class LateHolderTest {
    private static final EventfdSpec COUNTER = EventfdSpec.counter();
    private static final EventfdSpec SEMAPHORE = EventfdSpec.semaphoreOf(0);

    private final List<EventFd> held = new ArrayList<>();
    private FdServerUnderTest daemon;

    @BeforeEach
    void start() throws IOException {
        daemon = new FdServerUnderTest();
    }

    @AfterEach
    void stop() throws IOException {
        daemon.close();
        held.forEach(EventFd::close);
    }

    /** What a holder has, with {@code count}. */
    private EventFd held(EventfdSpec spec, long count) throws IOException {
        var eventFd = EventFd.create(0, spec.semaphore(), true);
        held.add(eventFd);
        if (count != 0) {
            eventFd.write(count);
        }
        return eventFd;
    }

    /** The process before ended with {@code a} at {@code count}, and nobody comes in time. */
    private void beginAnew(EventfdSpec spec, long count, Former former) {
        restore(spec, count, former, Duration.ZERO);
        until(() -> count(spec) == count);
    }

    private void restore(EventfdSpec spec, long count, Former former, Duration grace) {
        var identity = new Identity(name("a"), spec, new Owner(0, 0), Instant.EPOCH);
        var vacancy = new Vacancy(identity, true, count, List.of(), former);
        daemon.eventfds.succession().restore(List.of(), List.of(vacancy), grace, false);
    }

    private static Caller caller() {
        return new Caller(
                Fd.borrow(0), new PeerCredentials(1, OpenFiles.effectiveUser(), 0, List.of()));
    }

    private long count(EventfdSpec spec) {
        var state = daemon.eventfds.state(name("a"), caller());
        assertThat(state.spec().semaphore()).isEqualTo(spec.semaphore());
        return state.count();
    }

    /** A holder comes, and does as the protocol says. */
    private Result bring(EventfdSpec spec, EventFd mine) throws IOException {
        var request = new DonateRequest(List.of(new DonateRequest.Entry(name("a"), spec)));
        try (var reply = daemon.client().ask(Json.bytes(request.toJson()), mine.fd())) {
            var entries =
                    DonateReply.from(JsonFields.parse(reply.json().getBytes(UTF_8))).entries();
            var result = ((Taken) entries.getFirst()).result();
            if (result == Result.REPLACED) {
                move(mine, EventFd.adopt(reply.fds().getFirst()));
            }
            return result;
        }
    }

    private static void move(EventFd from, EventFd to) throws IOException {
        for (long value = from.read(); value != 0; value = from.read()) {
            assertThat(to.write(value)).isTrue();
        }
    }

    private static void takeRaw(EventFd mine, EventfdSpec spec, long value) throws IOException {
        if (spec.semaphore()) {
            for (long i = 0; i < value; i++) {
                assertThat(mine.read()).isEqualTo(1);
            }
        } else {
            long count = mine.read();
            if (count != value) {
                mine.write(count - value);
            }
        }
    }

    private void take(EventfdSpec spec, int value) {
        var request = new ReadRequest(Duration.ZERO, spec.semaphore() ? value : 1);
        var taken = daemon.eventfds.read(name("a"), request, caller()).orElseThrow().value();
        if (taken != value) {
            daemon.eventfds.write(name("a"), taken - value, Duration.ZERO, caller());
        }
    }

    /**
     * @param saved the count that it began anew with
     * @param written what holders have added to theirs since
     * @param readRaw what holders have taken of theirs since
     * @param read what was taken of the one that began anew
     */
    @ParameterizedTest
    @CsvSource({
        "false, 5, 0, 0, 0",
        "false, 5, 2, 0, 0",
        "false, 5, 0, 2, 0",
        "false, 5, 0, 5, 0",
        "false, 5, 0, 0, 5",
        "false, 5, 4, 0, 5",
        "false, 5, 0, 3, 2",
        "false, 0, 3, 0, 0",
        "false, 9223372036854775807, 7, 0, 3",
        "true, 500, 0, 0, 0",
        "true, 500, 300, 0, 0",
        "true, 500, 0, 200, 0",
        "true, 500, 0, 500, 0",
        "true, 500, 0, 0, 500",
        "true, 500, 400, 300, 500",
        "true, 500, 0, 300, 200",
        "true, 1000, 0, 0, 1000", // one turn of the loop is too short to settle these
        "true, 1000, 0, 1000, 0",
        "true, 1000, 0, 600, 400",
    })
    void whatThereIsInAllIsWhatWasSavedAndWhatBecameOfIt(
            boolean semaphore, long saved, long written, long readRaw, int read)
            throws IOException {
        var spec = semaphore ? SEMAPHORE : COUNTER;
        var mine = held(spec, saved);
        beginAnew(spec, saved, Former.NONE.and(mine.id()));
        if (written != 0) {
            mine.write(written);
        }
        if (readRaw != 0) {
            takeRaw(mine, spec, readRaw);
        }
        if (read != 0) {
            take(spec, read);
        }
        for (int holder = 0; holder < 3; holder++) {
            assertThat(bring(spec, mine)).isEqualTo(Result.REPLACED);
            assertThat(count(spec)).isEqualTo(saved + written - readRaw - read);
        }
        assertThat(mine.count()).isZero();
    }

    @Test
    void whatWasTakenOnBothSidesIsTakenOffAsSoonAsThereIsSomething() throws IOException {
        var mine = held(COUNTER, 5);
        beginAnew(COUNTER, 5, Former.NONE.and(mine.id()));
        takeRaw(mine, COUNTER, 5);
        take(COUNTER, 3);
        bring(COUNTER, mine);
        assertThat(count(COUNTER)).isZero();
        mine.write(1);
        daemon.eventfds.write(name("a"), 9, Duration.ZERO, caller());
        bring(COUNTER, mine);
        assertThat(count(COUNTER)).as("10 less the 3 that were there twice").isEqualTo(7);
    }

    @RepeatedTest(10)
    void aNameThatIsDeletedMeanwhileStillHasItsReply() throws IOException {
        var mine = held(SEMAPHORE, 1000);
        beginAnew(SEMAPHORE, 1000, Former.NONE.and(mine.id()));
        var client = daemon.client();
        var request = new DonateRequest(List.of(new DonateRequest.Entry(name("a"), SEMAPHORE)));
        client.send(Json.bytes(request.toJson()), mine.fd());
        until(() -> countOf(mine) < 1000);
        daemon.eventfds.delete(name("a"), caller());
        try (var reply = client.reply()) {
            assertThat(reply.json()).contains("replaced");
            var replacement = EventFd.adopt(reply.fds().getFirst());
            assertThat(mine.count() + replacement.count()).isBetween(1000L, 2000L);
        }
    }

    private static long countOf(EventFd eventFd) {
        try {
            return eventFd.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void onlyTheLastObjectHadTheCountThatWasSaved() throws IOException {
        var first = held(COUNTER, 2);
        var last = held(COUNTER, 5);
        beginAnew(COUNTER, 5, Former.NONE.and(first.id()).and(last.id()));
        bring(COUNTER, first);
        assertThat(count(COUNTER)).isEqualTo(7);
        bring(COUNTER, last);
        assertThat(count(COUNTER)).isEqualTo(7);
    }

    @Test
    void whatAnEarlierProcessBeganWithIsTakenOffToo() throws IOException {
        var first = held(COUNTER, 6);
        var last = held(COUNTER, 5);
        var former = Former.NONE.and(first.id()).and(last.id()).withAdvance(first.id(), 4);
        beginAnew(COUNTER, 5, former);
        bring(COUNTER, first);
        bring(COUNTER, last);
        assertThat(count(COUNTER)).isEqualTo(7);
    }

    @Test
    void aLateObjectThatHasItsNameAgainLeavesTheAdvanceToItsSuccessor() throws IOException {
        var first = held(COUNTER, 4);
        var last = held(COUNTER, 5); // 4 of these are those of the first
        var former = Former.NONE.and(first.id()).and(last.id()).withAdvance(first.id(), 4);
        restore(COUNTER, 5, former, Duration.ofMinutes(1));
        assertThat(bring(COUNTER, first)).isEqualTo(Result.ADOPTED);
        assertThat(count(COUNTER)).isEqualTo(4);
        assertThat(bring(COUNTER, last)).isEqualTo(Result.REPLACED);
        assertThat(count(COUNTER)).isEqualTo(5);
    }

    @Test
    void whoWaitsGetsWhatItsHolderBroughtMore() throws Exception {
        var mine = held(COUNTER, 5);
        beginAnew(COUNTER, 5, Former.NONE.and(mine.id()));
        take(COUNTER, 5);
        mine.write(3);
        var waiting = daemon.client();
        waiting.send(there("a"));
        try (var reply = waiting.reply()) {
            var open = EventFd.adopt(reply.fds().getFirst());
            bring(COUNTER, mine);
            assertThat(open.read()).isEqualTo(3);
        }
    }

    @Test
    void afterTheEndNothingIsSettledAnyMoreAndTheNextProcessKnowsTheRest() throws IOException {
        var mine = held(COUNTER, 5);
        beginAnew(COUNTER, 5, Former.NONE.and(mine.id()));
        takeRaw(mine, COUNTER, 3);
        take(COUNTER, 4);
        bring(COUNTER, mine);
        daemon.eventfds.endWaits(End.SHUT_DOWN);
        var kept = daemon.eventfds.succession().keep().getFirst();
        assertThat(kept.eventFd().count()).isZero();
        assertThat(kept.former().advance(mine.id())).as("2 and 1 were taken off").isEqualTo(2);
    }
}
