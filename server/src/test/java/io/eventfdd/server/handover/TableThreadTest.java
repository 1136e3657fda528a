package io.eventfdd.server.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;

/** Where tasks run, and in which order. */
@Timeout(300)
class TableThreadTest {
    private static final int SECONDS = 10;

    private final TableThread thread = new TableThread();
    private final List<String> done = new ArrayList<>();

    @AfterEach
    void end() throws InterruptedException {
        thread.end(SECONDS);
    }

    private Runnable noting(String what) {
        return () -> done.add(what + " on " + Thread.currentThread().getName());
    }

    @Test
    void aShortTaskRunsWhereItIsReportedIfNothingElseIsToBeDone() {
        assertThat(thread.runNow(() -> true, noting("short"))).isTrue();
        assertThat(thread.runNow(() -> false, noting("long"))).isFalse();
        assertThat(done).containsExactly("short on " + Thread.currentThread().getName());
        assertThat(thread.isIdle()).isTrue();
    }

    @Test
    void noTaskOvertakesThoseThatWereGivenBefore() throws Exception {
        var mayGo = new CountDownLatch(1);
        thread.execute(() -> {
            try {
                mayGo.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        thread.execute(noting("first"));
        assertThat(thread.isIdle()).isFalse();
        assertThat(thread.runNow(() -> true, noting("never"))).isFalse();
        mayGo.countDown();
        while (!thread.runNow(() -> true, noting("second"))) {
            Thread.onSpinWait();
        }
        assertThat(done)
                .containsExactly(
                        "first on eventfdd-table", "second on " + Thread.currentThread().getName());
    }

    @Test
    void aTaskThatFailsDoesNotKeepTheOthers() throws Exception {
        thread.execute(() -> {
            throw new IllegalStateException("a bug");
        });
        thread.execute(noting("next"));
        assertThat(thread.end(SECONDS)).isTrue();
        assertThat(done).containsExactly("next on eventfdd-table");
        assertThat(thread.isIdle()).isTrue();
    }

    @Test
    void nothingRunsAfterTheEnd() throws Exception {
        thread.execute(noting("last"));
        assertThat(thread.end(SECONDS)).isTrue();
        assertThat(thread.runNow(() -> true, noting("never"))).isFalse();
        assertThatThrownBy(() -> thread.execute(noting("never")))
                .isInstanceOf(RejectedExecutionException.class);
        assertThat(thread.isIdle()).isTrue();
        assertThat(done).containsExactly("last on eventfdd-table");
    }
}
