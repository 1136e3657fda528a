package io.eventfdd.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * An interrupt that Java 17 loses: the status of the thread is set, and nobody has told what the
 * thread blocks in. {@link Thread#interrupt()} does that if it comes just when the thread begins to
 * block.
 */
public final class LostInterrupt {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private LostInterrupt() {}

    /** A wait that is in the method {@code blocking} ends with {@code failure} nevertheless. */
    public static void ends(Callable<?> wait, String blocking, Class<? extends Throwable> failure)
            throws Exception {
        var task = new FutureTask<>(wait);
        var thread = new Thread(task, "waits");
        thread.setDaemon(true);
        thread.start();
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!isIn(thread, blocking)) {
            assertThat(System.nanoTime()).as("it waits in time").isLessThan(end);
            LockSupport.parkNanos(1_000_000);
        }
        var status = Thread.class.getDeclaredField("interrupted");
        status.setAccessible(true);
        status.setBoolean(thread, true);
        assertThatThrownBy(() -> task.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(failure);
    }

    private static boolean isIn(Thread thread, String method) {
        return Arrays.stream(thread.getStackTrace())
                .findFirst()
                .filter(top -> top.getMethodName().equals(method))
                .isPresent();
    }
}
