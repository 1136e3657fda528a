package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits that end: for native calls that might block for ever, and for conditions. */
final class Bounded {
    private static final Duration BOUND = Duration.ofSeconds(20);

    private Bounded() {}

    /** Makes {@code call} on a platform thread of its own, which the JVM does not wait for. */
    static <T> CompletableFuture<T> start(Callable<T> call) {
        var result = new CompletableFuture<T>();
        var thread =
                new Thread(
                        () -> {
                            try {
                                result.complete(call.call());
                            } catch (Throwable e) {
                                result.completeExceptionally(e);
                            }
                        },
                        "bounded");
        thread.setDaemon(true);
        thread.start();
        return result;
    }

    /** What comes of it, within the bound. */
    static <T> T result(CompletableFuture<T> call) {
        return call.orTimeout(BOUND.toSeconds(), TimeUnit.SECONDS).join();
    }

    /** Makes {@code call} on a thread of its own and waits for it, but not for ever. */
    static <T> T call(Callable<T> call) {
        return result(start(call));
    }

    static void until(BooleanSupplier condition) {
        long end = System.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as("nanoseconds over the time").isNegative();
            Thread.onSpinWait();
        }
    }
}
