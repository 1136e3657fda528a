package io.eventfdd.server.idempotency;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.server.eventfds.Caller;
import io.eventfdd.server.eventfds.End;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.eventfds.Former;
import io.eventfdd.server.eventfds.Identity;
import io.eventfdd.server.eventfds.Limits;
import io.eventfdd.server.eventfds.Owner;
import io.eventfdd.server.eventfds.Vacancy;
import io.eventfdd.server.loop.EventLoop;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** What idempotency keys keep goes from process to process, whole and once. */
@Timeout(60)
class KeptAnswersTest {
    private static final EventfdName NAME = new EventfdName("n");
    private static final Duration LIFE = Duration.ofMinutes(5);
    private static final List<byte[]> REQUEST =
            List.of("POST /v1/eventfds/n/read".getBytes(StandardCharsets.US_ASCII));

    private final Caller caller = new Caller(Fd.borrow(0), new PeerCredentials(1, 0, 0, List.of()));
    private EventLoop loop;
    private Eventfds eventfds;

    @BeforeEach
    void start() throws IOException {
        loop = new EventLoop(System::nanoTime);
        eventfds = new Eventfds(loop, new Limits(10, 10), 0, Clock.systemUTC());
        loop.start(eventfds::loopFailed);
    }

    @AfterEach
    void stop() {
        loop.close();
    }

    private IdempotencyKeys keys() {
        return new IdempotencyKeys(
                eventfds, Duration.ofHours(1), new IdempotencyKeys.Limits(10, 1000), "here");
    }

    private IdempotencyKeys keys(LongSupplier clock) {
        return new IdempotencyKeys(
                eventfds, LIFE, new IdempotencyKeys.Limits(10, 1000), "here", clock);
    }

    private Answer read() {
        var taken = eventfds.read(NAME, new ReadRequest(Duration.ZERO), caller).orElseThrow();
        return new Answer.Ok(Json.object().put("value", taken.value()), List.of(taken));
    }

    private long count() {
        eventfds.size(); // what was submitted to the loop before is done after it
        return eventfds.state(NAME, caller).count();
    }

    private static Answer neverCalled() {
        throw new AssertionError("the call is made again");
    }

    private void make() {
        eventfds.create(NAME, EventfdSpec.counter().withInitial(5), caller);
    }

    private List<KeptAnswer> leftByOneWhoseClientDidNotTakeIt() {
        try (var keys = keys()) {
            keys.answer(0, "k", REQUEST, this::read).call().delivered(false);
            return keys.leave();
        }
    }

    @Test
    void aValueIsLeftToTheNextOne() {
        make();
        var left = leftByOneWhoseClientDidNotTakeIt();
        assertThat(left)
                .extracting(KeptAnswer::taken)
                .containsExactly(List.of(new KeptAnswer.Taken(NAME, 5)));
    }

    @Test
    void theNextOneLeavesItToo() {
        make();
        var left = leftByOneWhoseClientDidNotTakeIt();
        try (var keys = keys()) {
            keys.restore(left);
            assertThat(keys.leave().getFirst().taken()).isEqualTo(left.getFirst().taken());
        }
    }

    @Test
    void whatTheNextOnesClientTookIsNotLeftAgain() {
        make();
        var left = leftByOneWhoseClientDidNotTakeIt();
        try (var keys = keys()) {
            keys.restore(left);
            var again = keys.answer(0, "k", REQUEST, KeptAnswersTest::neverCalled);
            assertThat(again.call().keepsValue()).isTrue();
            again.call().delivered(true);
            assertThat(again.call().keepsValue()).isFalse();
            assertThat(keys.leave().getFirst().taken()).isEmpty();
            assertThat(count()).isZero();
        }
    }

    @Test
    void whatTheNextOnesClientDidNotTakeGoesBackWhenTheKeyLapses() {
        make();
        var left = leftByOneWhoseClientDidNotTakeIt().getFirst();
        try (var keys = keys()) {
            var lapsing =
                    new KeptAnswer(
                            left.uid(),
                            left.key(),
                            left.request(),
                            left.status(),
                            left.body(),
                            left.taken(),
                            Duration.ofSeconds(2));
            keys.restore(List.of(lapsing));
            keys.answer(0, "k", REQUEST, this::read).call().delivered(false);
            while (count() != 5) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void aValueOfANameThatStillWaitsForItsHolderIsLeftToTheNextOne() {
        var identity = new Identity(NAME, EventfdSpec.counter(), new Owner(0, 0), Instant.now());
        eventfds.succession()
                .restore(
                        List.of(),
                        List.of(new Vacancy(identity, true, 0, List.of(), Former.NONE)),
                        Duration.ofHours(1),
                        false);
        var taken = List.of(new KeptAnswer.Taken(NAME, -2));
        var answer = new KeptAnswer(0, "k", "AAAA", 200, "{}", taken, Duration.ofHours(1));
        try (var keys = keys()) {
            keys.restore(List.of(answer));
            assertThat(keys.leave()).extracting(KeptAnswer::taken).containsExactly(taken);
        }
        eventfds.endWaits(End.SHUT_DOWN);
    }

    @Test
    void theLifeOfAKeyGoesOnInTheNextOneWhateverTheClocksSay() {
        make();
        var clock = new AtomicLong(Long.MAX_VALUE - 1); // it may wrap
        KeptAnswer left;
        try (var keys = keys(clock::get)) {
            keys.answer(0, "k", REQUEST, this::read).call().delivered(false);
            clock.addAndGet(LIFE.minusSeconds(7).toNanos());
            left = keys.leave().getFirst();
        }
        assertThat(left.left()).isEqualTo(Duration.ofSeconds(7));
        var another = new AtomicLong(-12_345);
        try (var keys = keys(another::get)) {
            keys.restore(List.of(left));
            another.addAndGet(Duration.ofSeconds(7).toNanos() - 1);
            keys.letGo();
            keys.answer(0, "k", REQUEST, KeptAnswersTest::neverCalled).call().delivered(false);
            assertThat(count()).isZero();
            another.incrementAndGet();
            keys.letGo();
            assertThat(keys.size()).isZero();
            assertThat(count()).isEqualTo(5);
        }
    }

    @Test
    void aKeyThatWasAboutToLapseLapsesAtOnce() {
        try (var keys = keys(() -> 0)) {
            keys.restore(
                    List.of(new KeptAnswer(0, "k", "AAAA", 204, "", List.of(), Duration.ZERO)));
            keys.letGo();
            assertThat(keys.size()).isZero();
        }
    }

    @Test
    void noKeyOfTheOneBeforeLivesLongerThanANewOne() {
        var clock = new AtomicLong();
        try (var keys = keys(clock::get)) {
            keys.restore(
                    List.of(
                            new KeptAnswer(
                                    0, "k", "AAAA", 204, "", List.of(), KeptAnswer.WHOLE_LIFE)));
            assertThat(keys.size()).isEqualTo(1);
            clock.addAndGet(LIFE.toNanos());
            keys.letGo();
            assertThat(keys.size()).isZero();
        }
    }

    @Test
    void aKeyThatIsDoneIsNotLeft() {
        make();
        try (var keys = keys()) {
            keys.answer(0, "k", REQUEST, this::read).call().delivered(false);
            keys.forgetDone(0, "k");
            assertThat(keys.leave()).isEmpty();
        }
    }

    @Test
    void aKeyThatIsDoneBeforeItsNameIsSettledTakesItsValueAlong() {
        make();
        var left = leftByOneWhoseClientDidNotTakeIt();
        try (var keys = keys()) {
            keys.restore(left);
            keys.forgetDone(0, "k");
            assertThat(keys.size()).isZero();
            assertThat(count()).isZero();
        }
    }

    @Test
    void aDeletedEventfdTakesItsValuesWithIt() {
        make();
        try (var keys = keys()) {
            keys.answer(0, "k", REQUEST, this::read).call().delivered(false);
            eventfds.delete(NAME, caller);
            make();
            assertThat(keys.leave().getFirst().taken()).isEmpty();
        }
    }

    @Test
    void everyKindOfAnswerIsTheSameAfterwards() {
        make();
        try (var keys = keys();
                var next = keys()) {
            keys.answer(0, "ok", REQUEST, this::read).call().delivered(true);
            keys.answer(0, "none", REQUEST, Answer.NoContent::new);
            var problem = ProblemType.WOULD_BLOCK.problem("no room");
            keys.answer(-1, "refused", REQUEST, () -> new Answer.Refusal(problem));
            next.restore(keys.leave());
            assertThat(next.size()).isEqualTo(3);
            assertThat(next.answer(0, "ok", REQUEST, KeptAnswersTest::neverCalled).answer())
                    .isEqualTo(new Answer.Ok(Json.object().put("value", 5)));
            assertThat(next.answer(0, "none", REQUEST, KeptAnswersTest::neverCalled).answer())
                    .isEqualTo(new Answer.NoContent());
            assertThat(next.answer(-1, "refused", REQUEST, KeptAnswersTest::neverCalled).answer())
                    .isEqualTo(new Answer.Refusal(problem));
            assertThat(next.replays()).isEqualTo(3);
        }
    }
}
