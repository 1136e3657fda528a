package io.eventfdd.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.linux.Fd;
import io.eventfdd.linux.PeerCredentials;
import io.eventfdd.protocol.EventfdName;
import io.eventfdd.protocol.EventfdSpec;
import io.eventfdd.protocol.Json;
import io.eventfdd.protocol.ProblemType;
import io.eventfdd.protocol.ReadRequest;
import io.eventfdd.server.loop.Caller;
import io.eventfdd.server.loop.End;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.Eventfds;
import io.eventfdd.server.loop.Identity;
import io.eventfdd.server.loop.Limits;
import io.eventfdd.server.loop.Owner;
import io.eventfdd.server.loop.Vacancy;

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
import java.util.Set;

/** What idempotency keys keep goes from process to process, whole and once. */
@Timeout(60)
class KeptAnswersTest {
    private static final EventfdName NAME = new EventfdName("n");
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
            keys.answer(0, "k", REQUEST, this::read).entry().delivered(false);
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
            assertThat(again.entry().keepsValue()).isTrue();
            again.entry().delivered(true);
            assertThat(again.entry().keepsValue()).isFalse();
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
                            Instant.now().plusSeconds(2));
            keys.restore(List.of(lapsing));
            keys.answer(0, "k", REQUEST, this::read).entry().delivered(false);
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
                        List.of(new Vacancy(identity, true, 0, List.of(), Set.of())),
                        Duration.ofHours(1),
                        false);
        var taken = List.of(new KeptAnswer.Taken(NAME, -2));
        var answer =
                new KeptAnswer(
                        0, "k", "AAAA", 200, "{}", taken, Instant.now().plus(Duration.ofHours(1)));
        try (var keys = keys()) {
            keys.restore(List.of(answer));
            assertThat(keys.leave()).extracting(KeptAnswer::taken).containsExactly(taken);
        }
        eventfds.endWaits(End.SHUT_DOWN);
    }

    @Test
    void aDeletedEventfdTakesItsValuesWithIt() {
        make();
        try (var keys = keys()) {
            keys.answer(0, "k", REQUEST, this::read).entry().delivered(false);
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
            keys.answer(0, "ok", REQUEST, this::read).entry().delivered(true);
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
