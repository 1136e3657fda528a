package io.eventfdd.server.idempotency;

import static io.eventfdd.server.idempotency.KeysUnderTest.LIFE;
import static io.eventfdd.server.idempotency.KeysUnderTest.REQUEST;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A value that a key keeps is never at two places, however closely the key's end and a retry meet.
 */
@Timeout(300)
class IdempotencyKeyLapseTest {
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1); // it may wrap
    private KeysUnderTest it;

    @BeforeEach
    void start() throws IOException {
        it = new KeysUnderTest();
        it.make();
    }

    @AfterEach
    void stop() {
        it.close();
    }

    private void lapse(IdempotencyKeys keys) {
        clock.addAndGet(LIFE.toNanos());
        keys.letGo();
        assertThat(keys.size()).isZero();
    }

    @Test
    void anAnswerThatIsOnItsWayAgainWhenItsKeyLapsesIsNotPutBack() {
        try (var keys = it.keys(clock::get)) {
            keys.answer(0, "k", REQUEST, it::read).call().delivered(false);
            var again = keys.answer(0, "k", REQUEST, it::read);
            assertThat(it.calls).hasValue(1);
            lapse(keys);
            assertThat(it.count()).isZero();
            again.call().delivered(true);
            assertThat(it.count()).isZero();
        }
    }

    @Test
    void anAnswerThatWasNotTakenByTheTimeItsKeyHadLapsedGoesBackThen() {
        try (var keys = it.keys(clock::get)) {
            var only = keys.answer(0, "k", REQUEST, it::read);
            lapse(keys);
            assertThat(it.count()).isZero();
            only.call().delivered(false);
            assertThat(it.count()).isEqualTo(5);
        }
    }

    @Test
    void aKeyThatHasLapsedIsNewAndItsValueCanBeTakenAgain() {
        try (var keys = it.keys(clock::get)) {
            keys.answer(0, "k", REQUEST, it::read).call().delivered(false);
            lapse(keys);
            assertThat(it.count()).isEqualTo(5);
            keys.answer(0, "k", REQUEST, it::read).call().delivered(true);
            assertThat(it.calls).hasValue(2);
            lapse(keys);
            assertThat(it.count()).isZero();
        }
    }
}
