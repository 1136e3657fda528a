package io.eventfdd.server.idempotency;

import static io.eventfdd.server.idempotency.KeysUnderTest.REQUEST;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.ProblemException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** A key that its client is done with is new again, and what its answer took was taken. */
@Timeout(300)
class DoneKeysTest {
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

    @Test
    void whatItKeptCountsAsTaken() {
        try (var keys = it.keys(10)) {
            keys.answer(0, "k", REQUEST, it::read).call().delivered(false);
            keys.forgetDone(0, "k");
            assertThat(keys.size()).isZero();
            assertThat(it.count()).isZero();
        }
    }

    @Test
    void anAnswerThatIsOnItsWayWhenItsKeyIsDoneCountsAsTaken() {
        try (var keys = it.keys(10)) {
            var first = keys.answer(0, "k", REQUEST, it::read);
            var again = keys.answer(0, "k", REQUEST, it::read);
            keys.forgetDone(0, "k");
            first.call().delivered(false);
            again.call().delivered(false);
            assertThat(it.count()).isZero();
            assertThat(it.calls).hasValue(1);
        }
    }

    @Test
    void aCallThatStillRunsIsNotForgotten() throws Exception {
        try (var keys = it.keys(10);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = new CountDownLatch(1);
            var end = new CountDownLatch(1);
            var first =
                    threads.submit(() ->
                            keys.answer(
                                    0,
                                    "k",
                                    REQUEST,
                                    () -> {
                                        running.countDown();
                                        return awaited(end);
                                    }));
            running.await();
            keys.forgetDone(0, "k");
            assertThatThrownBy(() -> keys.answer(0, "k", REQUEST, it::nothing))
                    .isInstanceOf(ProblemException.class)
                    .hasMessageContaining("still running");
            end.countDown();
            first.get();
            keys.answer(0, "k", REQUEST, it::nothing);
            assertThat(it.calls).hasValue(0);
        }
    }

    private static Answer awaited(CountDownLatch end) {
        try {
            end.await();
            return new Answer.NoContent();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a,b", " a , b ", "\ta\t,,b,", ",b,unknown,a", "b,a,b,a", "a,x y,b,\u00e9"})
    void severalHaveCommasBetweenThem(String list) {
        try (var keys = it.keys(10)) {
            keys.answer(0, "a", REQUEST, it::nothing);
            keys.answer(0, "b", REQUEST, it::nothing);
            keys.answer(0, "c", REQUEST, it::nothing);
            keys.answer(1, "a", REQUEST, it::nothing);
            keys.forgetDone(0, list);
            assertThat(keys.size()).as("c, and the other user's").isEqualTo(2);
            keys.answer(0, "c", REQUEST, it::nothing);
            keys.answer(1, "a", REQUEST, it::nothing);
            assertThat(it.calls).hasValue(4);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", " ", " , ,", "unknown"})
    void aListOfNoneIsOne(String list) {
        try (var keys = it.keys(10)) {
            keys.answer(0, "a", REQUEST, it::nothing);
            keys.forgetDone(0, list);
            assertThat(keys.size()).isEqualTo(1);
        }
    }

    @Test
    void itsRoomIsThereForTheNextOne() {
        try (var keys = it.keys(1)) {
            for (int i = 0; i < 1000; i++) {
                keys.answer(0, "k" + i, REQUEST, it::nothing);
                assertThatThrownBy(() -> keys.answer(0, "one-more", REQUEST, it::nothing))
                        .isInstanceOf(ProblemException.class)
                        .hasMessageContaining("max-keys: this user has 1 ");
                keys.forgetDone(0, "k" + i);
            }
            assertThat(it.calls).hasValue(1000);
            assertThat(keys.leave()).isEmpty();
        }
    }

    @Test
    void theBytesOfItsAnswerAreThereForTheNextOne() {
        var large = Json.object().put("text", "x".repeat(65536));
        try (var keys = it.keys(10)) {
            for (int i = 0; i < 100; i++) {
                keys.answer(0, "k" + i, REQUEST, () -> new Answer.Ok(large));
                assertThatThrownBy(() -> keys.answer(0, "one-more", REQUEST, it::nothing))
                        .isInstanceOf(ProblemException.class)
                        .hasMessageContaining("max-key-bytes");
                keys.forgetDone(0, "k" + i);
            }
        }
    }

    @Test
    void asManyKeysAsThreadsAreEnoughForThreadsThatAreDoneWithTheirs() throws Exception {
        try (var keys = it.keys(8)) {
            together(
                    8,
                    thread -> {
                        for (int i = 0; i < 2000; i++) {
                            keys.forgetDone(0, thread + "-" + (i - 1));
                            keys.answer(0, thread + "-" + i, REQUEST, it::nothing);
                        }
                    });
            assertThat(it.calls).hasValue(16_000);
            assertThat(keys.size()).isEqualTo(8);
        }
    }

    @Test
    void noMoreThanMaxKeysGetInHoweverManyComeAtOnce() throws Exception {
        try (var keys = it.keys(10)) {
            var refused = new AtomicInteger();
            together(
                    32,
                    thread -> {
                        try {
                            keys.answer(0, "k" + thread, REQUEST, it::nothing);
                        } catch (ProblemException e) {
                            refused.incrementAndGet();
                        }
                    });
            assertThat(it.calls).hasValue(10);
            assertThat(refused).hasValue(22);
        }
    }

    /** A value is taken once or is there, however a retry and the end of its key meet. */
    @Test
    void aRetryThatMeetsTheEndOfItsKeyGetsTheAnswerOrIsANewCall() throws Exception {
        try (var keys = it.keys(10)) {
            for (int i = 0; i < 2000; i++) {
                int before = it.calls.get();
                keys.answer(0, "k", REQUEST, it::nothing);
                together(
                        2,
                        thread -> {
                            if (thread == 0) {
                                keys.forgetDone(0, "k");
                            } else {
                                keys.answer(0, "k", REQUEST, it::nothing);
                            }
                        });
                keys.forgetDone(0, "k");
                assertThat(it.calls.get() - before).isBetween(1, 2);
                assertThat(keys.size()).isZero();
            }
        }
    }

    /** What one of several threads does. */
    private interface Part {
        void run(int thread) throws Exception;
    }

    private static void together(int threads, Part part) throws Exception {
        var start = new CyclicBarrier(threads);
        try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Void>> parts = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int thread = i;
                parts.add(
                        pool.submit(() -> {
                            start.await();
                            part.run(thread);
                            return null;
                        }));
            }
            for (var one : parts) {
                one.get();
            }
        }
    }
}
