package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemDocument;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/** Reads of a semaphore leave together, and each permit goes to one caller. */
@Timeout(60)
class GatheredReadsTest {
    private final AtomicLong permits = new AtomicLong();
    private final List<Integer> calls = new CopyOnWriteArrayList<>();
    private final AtomicInteger held = new AtomicInteger();
    private final CountDownLatch released = new CountDownLatch(1);
    private volatile boolean isCounter;
    private final GatheredReads reads = new GatheredReads(this::answer);

    /** The daemon: it holds up as many calls as may be under way until it is released. */
    private HttpAnswer answer(int most) {
        if (held.getAndIncrement() < Gathering.MOST_ALONE) {
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        calls.add(most);
        if (isCounter && most > 1) {
            var type = ProblemType.INVALID_VALUE;
            var problem = new Problem(type, type.status(), "max", List.of());
            return new HttpAnswer(type.status(), ProblemDocument.bytes(problem), "");
        }
        long taken = permits.getAndUpdate(left -> isCounter ? 0 : Math.max(0, left - most));
        taken = isCounter ? taken : Math.min(taken, most);
        return taken == 0
                ? new HttpAnswer(204, new byte[0], "")
                : new HttpAnswer(200, ("{\"value\":" + taken + "}").getBytes(UTF_8), "");
    }

    /** Starts as many reads as may be under way, and {@code more} that gather behind them. */
    private List<FutureTask<Long>> start(int more) {
        var all = new ArrayList<FutureTask<Long>>();
        for (int i = 1; i <= Gathering.MOST_ALONE; i++) {
            int begun = i;
            start(all);
            until(() -> held.get() == begun);
        }
        for (int i = 0; i < more; i++) {
            var thread = start(all);
            until(() -> thread.getState() == Thread.State.WAITING);
        }
        return all;
    }

    private Thread start(List<FutureTask<Long>> all) {
        var read = new FutureTask<>(reads::read);
        all.add(read);
        var thread = new Thread(read, "reader");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(Thread.currentThread().isInterrupted()).as("out of time").isFalse();
            Thread.onSpinWait();
        }
    }

    private List<Long> values(List<FutureTask<Long>> all) throws Exception {
        released.countDown();
        var values = new ArrayList<Long>();
        for (var read : all) {
            values.add(read.get());
        }
        return values;
    }

    @Test
    void readsThatComeMeanwhileLeaveTogether() throws Exception {
        permits.set(100);
        assertThat(values(start(5))).containsOnly(1L);
        assertThat(calls).hasSize(Gathering.MOST_ALONE + 1).contains(5);
        assertThat(permits).hasValue(100 - 5 - Gathering.MOST_ALONE);
    }

    @Test
    void eachPermitGoesToOneCaller() throws Exception {
        permits.set(Gathering.MOST_ALONE + 3);
        var values = values(start(5));
        assertThat(values.stream().mapToLong(Long::longValue).sum())
                .isEqualTo(Gathering.MOST_ALONE + 3);
        assertThat(values).containsOnly(0L, 1L);
        assertThat(permits).hasValue(0);
    }

    @Test
    void whereThereIsNoneEveryCallerHasNone() throws Exception {
        assertThat(values(start(4))).containsOnly(0L);
    }

    /** The name may have been created anew, as a counter. */
    @Test
    void ifTheDaemonRefusesSeveralEachIsMadeAlone() throws Exception {
        var all = start(3);
        isCounter = true;
        permits.set(7);
        assertThat(values(all)).containsOnlyOnce(7L).contains(0L);
    }
}
