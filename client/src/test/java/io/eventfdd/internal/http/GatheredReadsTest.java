package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.http.HeldCalls.Caller;
import io.eventfdd.internal.wire.ProblemDocument;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Reads of a semaphore leave together, and each permit goes to one caller. */
@Timeout(300)
class GatheredReadsTest {
    private final AtomicLong permits = new AtomicLong();
    private final List<Integer> calls = new CopyOnWriteArrayList<>();
    private final HeldCalls<Long> held = new HeldCalls<>();
    private volatile boolean isCounter;

    /** What a read takes of the counter, at any time. */
    private volatile long counted;

    private final GatheredReads reads = new GatheredReads(this::answer);

    private HttpAnswer answer(int most) {
        held.pass();
        calls.add(most);
        if (isCounter && most > 1) {
            var type = ProblemType.INVALID_VALUE;
            var problem = new Problem(type, type.status(), "max", List.of());
            return new HttpAnswer(type.status(), ProblemDocument.bytes(problem), "");
        }
        long taken =
                isCounter
                        ? counted
                        : Math.min(most, permits.getAndUpdate(left -> Math.max(0, left - most)));
        return taken == 0
                ? new HttpAnswer(204, new byte[0], "")
                : new HttpAnswer(200, ("{\"value\":" + taken + "}").getBytes(UTF_8), "");
    }

    /** Starts as many reads as may be under way, and {@code more} that gather behind them. */
    private List<Caller<Long>> start(int more) {
        var all = held.keepBusy(reads::read);
        for (int i = 0; i < more; i++) {
            all.add(held.gather(reads::read));
        }
        return all;
    }

    private List<Long> values(List<Caller<Long>> all) throws Exception {
        held.release();
        var values = new ArrayList<Long>();
        for (var read : all) {
            values.add(read.result());
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

    // The name was deleted and created anew, as a counter.

    @Test
    void ifTheDaemonRefusesSeveralEachIsMadeAlone() throws Exception {
        var all = start(3);
        isCounter = true;
        counted = 7;
        assertThat(values(all)).containsOnly(7L);
        assertThat(calls).containsOnlyOnce(3);
    }

    @Test
    void aReadThatLeavesWithoutOthersHasAllThatItTook() throws Exception {
        var all = start(1);
        isCounter = true;
        counted = 7;
        assertThat(values(all)).containsOnly(7L);
        assertThat(calls).containsOnly(1);
    }
}
