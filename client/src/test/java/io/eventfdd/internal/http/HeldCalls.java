package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Calls of many threads to a daemon that holds up as many of them as may be under way, so that the
 * others gather behind them.
 *
 * @param <R> what a call returns
 */
final class HeldCalls<R> {
    private final AtomicInteger begun = new AtomicInteger();
    private final CountDownLatch released = new CountDownLatch(1);
    private volatile boolean holds;

    /** A call on a thread of its own. */
    static final class Caller<R> {
        private final FutureTask<R> result;
        private final Thread thread;

        Caller(Callable<R> call) {
            result = new FutureTask<>(call);
            thread = new Thread(result, "caller");
            thread.setDaemon(true);
            thread.start();
        }

        R result() throws Exception {
            return result.get();
        }

        Thread thread() {
            return thread;
        }
    }

    /** The daemon's part: returns when the call may be answered. */
    void pass() {
        if (holds && begun.getAndIncrement() < Gathering.MOST_ALONE) {
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** Starts as many calls as may be under way, which the daemon does not answer yet. */
    List<Caller<R>> keepBusy(Callable<R> call) {
        holds = true;
        var first = new ArrayList<Caller<R>>();
        for (int i = 1; i <= Gathering.MOST_ALONE; i++) {
            first.add(new Caller<>(call));
            int number = i;
            until(() -> begun.get() == number);
        }
        return first;
    }

    /** Starts a call, which waits behind those under way. */
    Caller<R> gather(Callable<R> call) {
        var caller = new Caller<>(call);
        untilQueued(caller);
        return caller;
    }

    /** Waits until the request of {@code caller} is in the queue or in a call of another thread. */
    static void untilQueued(Caller<?> caller) {
        until(() -> LockSupport.getBlocker(caller.thread()) instanceof Gathering);
    }

    /** Has the daemon answer. */
    void release() {
        released.countDown();
    }

    /** Waits until {@code condition} holds, or until the time of the test is over. */
    static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(Thread.currentThread().isInterrupted()).as("out of time").isFalse();
            Thread.onSpinWait();
        }
    }
}
