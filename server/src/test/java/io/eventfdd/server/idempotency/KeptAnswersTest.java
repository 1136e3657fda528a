package io.eventfdd.server.idempotency;

import static io.eventfdd.server.DaemonUnderTest.until;
import static io.eventfdd.server.idempotency.KeysUnderTest.LIFE;
import static io.eventfdd.server.idempotency.KeysUnderTest.NAME;
import static io.eventfdd.server.idempotency.KeysUnderTest.REQUEST;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.server.eventfds.End;
import io.eventfdd.server.eventfds.Former;
import io.eventfdd.server.eventfds.Identity;
import io.eventfdd.server.eventfds.Owner;
import io.eventfdd.server.eventfds.Vacancy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** What idempotency keys keep goes from process to process, whole and once. */
@Timeout(300)
class KeptAnswersTest {
    private KeysUnderTest it;

    @BeforeEach
    void start() throws IOException {
        it = new KeysUnderTest();
    }

    @AfterEach
    void stop() {
        it.close();
    }

    private static Answer neverCalled() {
        throw new AssertionError("the call is made again");
    }

    private List<KeptAnswer> leftByOneWhoseClientDidNotTakeIt() {
        try (var keys = it.keys()) {
            keys.answer(0, "k", REQUEST, it::read).call().delivered(false);
            return keys.leave();
        }
    }

    @Test
    void aValueIsLeftToTheNextOne() {
        it.make();
        var left = leftByOneWhoseClientDidNotTakeIt();
        assertThat(left)
                .extracting(KeptAnswer::taken)
                .containsExactly(List.of(new KeptAnswer.Taken(NAME, 5)));
    }

    @Test
    void theNextOneLeavesItToo() {
        it.make();
        var left = leftByOneWhoseClientDidNotTakeIt();
        try (var keys = it.keys()) {
            keys.restore(left);
            assertThat(keys.leave().getFirst().taken()).isEqualTo(left.getFirst().taken());
        }
    }

    @Test
    void whatTheNextOnesClientTookIsNotLeftAgain() {
        it.make();
        var left = leftByOneWhoseClientDidNotTakeIt();
        try (var keys = it.keys()) {
            keys.restore(left);
            var again = keys.answer(0, "k", REQUEST, KeptAnswersTest::neverCalled);
            assertThat(again.call().keepsValue()).isTrue();
            again.call().delivered(true);
            assertThat(again.call().keepsValue()).isFalse();
            assertThat(keys.leave().getFirst().taken()).isEmpty();
            assertThat(it.count()).isZero();
        }
    }

    @Test
    void whatTheNextOnesClientDidNotTakeGoesBackWhenTheKeyLapses() {
        it.make();
        var left = leftByOneWhoseClientDidNotTakeIt().getFirst();
        var clock = new AtomicLong();
        try (var keys = it.keys(clock::get)) {
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
            keys.answer(0, "k", REQUEST, it::read).call().delivered(false);
            clock.addAndGet(Duration.ofSeconds(2).toNanos());
            keys.letGo();
            until(() -> it.count() == 5);
        }
    }

    @Test
    void aValueOfANameThatStillWaitsForItsHolderIsLeftToTheNextOne() {
        nameWaitsForItsHolder();
        var taken = List.of(new KeptAnswer.Taken(NAME, -2));
        var answer = new KeptAnswer(0, "k", "AAAA", 200, "{}", taken, Duration.ofHours(1));
        try (var keys = it.keys()) {
            keys.restore(List.of(answer));
            assertThat(keys.leave()).extracting(KeptAnswer::taken).containsExactly(taken);
        }
        it.eventfds.endWaits(End.SHUT_DOWN);
    }

    @Test
    void soIsOneOfAKeyWhoseLifeIsOverMeanwhile() {
        nameWaitsForItsHolder();
        var taken = List.of(new KeptAnswer.Taken(NAME, 7));
        var answer = new KeptAnswer(0, "k", "AAAA", 200, "{}", taken, Duration.ZERO);
        try (var keys = it.keys()) {
            keys.restore(List.of(answer));
            keys.letGo();
            assertThat(keys.leave()).containsExactly(answer);
        }
        it.eventfds.endWaits(End.SHUT_DOWN);
    }

    private void nameWaitsForItsHolder() {
        var identity = new Identity(NAME, EventfdSpec.counter(), new Owner(0, 0), Instant.now());
        it.eventfds
                .succession()
                .restore(
                        List.of(),
                        List.of(new Vacancy(identity, true, 0, List.of(), Former.NONE)),
                        Duration.ofHours(1),
                        false);
    }

    @Test
    void theLifeOfAKeyGoesOnInTheNextOneWhateverTheClocksSay() {
        it.make();
        var clock = new AtomicLong(Long.MAX_VALUE - 1); // it may wrap
        KeptAnswer left;
        try (var keys = it.keys(clock::get)) {
            keys.answer(0, "k", REQUEST, it::read).call().delivered(false);
            clock.addAndGet(LIFE.minusSeconds(7).toNanos());
            left = keys.leave().getFirst();
        }
        assertThat(left.left()).isEqualTo(Duration.ofSeconds(7));
        var another = new AtomicLong(-12_345);
        try (var keys = it.keys(another::get)) {
            keys.restore(List.of(left));
            another.addAndGet(Duration.ofSeconds(7).toNanos() - 1);
            keys.letGo();
            keys.answer(0, "k", REQUEST, KeptAnswersTest::neverCalled).call().delivered(false);
            assertThat(it.count()).isZero();
            another.incrementAndGet();
            keys.letGo();
            until(() -> keys.size() == 0); // once its eventfd is known to be the one of before
            until(() -> it.count() == 5);
        }
    }

    @Test
    void aKeyThatWasAboutToLapseLapsesAtOnce() {
        try (var keys = it.keys(() -> 0)) {
            keys.restore(
                    List.of(new KeptAnswer(0, "k", "AAAA", 204, "", List.of(), Duration.ZERO)));
            keys.letGo();
            assertThat(keys.size()).isZero();
        }
    }

    @Test
    void noKeyOfTheOneBeforeLivesLongerThanANewOne() {
        var clock = new AtomicLong();
        try (var keys = it.keys(clock::get)) {
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
        it.make();
        try (var keys = it.keys()) {
            keys.answer(0, "k", REQUEST, it::read).call().delivered(false);
            keys.forgetDone(0, "k");
            assertThat(keys.leave()).isEmpty();
        }
    }

    @Test
    void aKeyThatIsDoneBeforeItsNameIsSettledTakesItsValueAlong() {
        it.make();
        var left = leftByOneWhoseClientDidNotTakeIt();
        try (var keys = it.keys()) {
            keys.restore(left);
            keys.forgetDone(0, "k");
            assertThat(keys.size()).isZero();
            assertThat(it.count()).isZero();
        }
    }

    @Test
    void aDeletedEventfdTakesItsValuesWithIt() {
        it.make();
        try (var keys = it.keys()) {
            keys.answer(0, "k", REQUEST, it::read).call().delivered(false);
            it.eventfds.delete(NAME, it.caller);
            it.make();
            assertThat(keys.leave().getFirst().taken()).isEmpty();
        }
    }

    @Test
    void everyKindOfAnswerIsTheSameAfterwards() {
        it.make();
        try (var keys = it.keys();
                var next = it.keys()) {
            keys.answer(0, "ok", REQUEST, it::read).call().delivered(true);
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
