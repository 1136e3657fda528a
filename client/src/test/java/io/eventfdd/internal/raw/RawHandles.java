package io.eventfdd.internal.raw;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.LongestWait;
import io.eventfdd.internal.leases.HeldLeases;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

/** Raw handles on eventfds of this process, without any daemon. */
public final class RawHandles implements AutoCloseable {
    /** Far longer than anything here takes; a test that reaches it has failed. */
    static final Duration PATIENCE = Duration.ofSeconds(20);

    final RawWaits waits;
    private final List<RawEventfd> handles = new ArrayList<>();
    private int next;

    RawHandles() {
        this(Duration.ZERO, ForkJoinPool.commonPool());
    }

    RawHandles(Duration spin, Executor executor) {
        waits = new RawWaits(spin, executor);
    }

    RawEventfd counter() throws ErrnoException {
        return of(EventFd.create(0, false, true), false);
    }

    RawEventfd semaphore(long initial) throws ErrnoException {
        return of(EventFd.create(initial, true, true), true);
    }

    /** Another handle on the same kernel object, as another process has it. */
    RawEventfd another(RawEventfd handle) throws ErrnoException {
        return of(
                EventFd.adopt(Fd.borrow(handle.fd().orElseThrow()).duplicate()),
                handle.isSemaphore());
    }

    private RawEventfd of(EventFd eventFd, boolean semaphore) {
        var handle =
                new RawEventfd(
                        new EventfdName("e" + next++),
                        semaphore ? EventfdSpec.semaphoreOf(0) : EventfdSpec.counter(),
                        eventFd,
                        waits,
                        noLeases(waits),
                        closed -> {});
        handles.add(handle);
        return handle;
    }

    /** Those of a client whose daemon is nowhere. */
    static HeldLeases noLeases(RawWaits waits) {
        return new HeldLeases(
                new RawLeases(Path.of("/nowhere"), PATIENCE, Duration.ZERO, waits),
                new LongestWait(() -> PATIENCE),
                Duration.ZERO,
                Runnable::run);
    }

    @Override
    public void close() {
        handles.forEach(RawEventfd::close);
        waits.close();
        // A future that was cancelled late holds its descriptor until its delivery has run.
        if (!ForkJoinPool.commonPool().awaitQuiescence(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("deliveries hang");
        }
    }

    /** Returns once {@code condition} holds. */
    static void until(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > PATIENCE.toNanos()) {
                throw new AssertionError("it did not come to that");
            }
            Thread.onSpinWait();
        }
    }

    /** Returns once someone waits at {@code handle}. */
    static void untilAwaited(RawEventfd handle) {
        until(handle.line()::isOccupied);
    }

    public static <T> T result(ThreadKind.Running<T> running) throws Exception {
        try {
            return running.task().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            var stuck = new AssertionError("a wait hangs", e);
            stuck.setStackTrace(running.thread().getStackTrace());
            throw stuck;
        }
    }

    /** Whether descriptor {@code number} of this process is open, and of eventfd {@code id}. */
    static boolean leadsTo(int number, long id) {
        var line = Pattern.compile("eventfd-id:\\s*" + id).asMatchPredicate();
        try {
            return Files.readAllLines(Path.of("/proc/self/fdinfo/" + number)).stream()
                    .anyMatch(line);
        } catch (IOException closed) {
            return false;
        }
    }

    /** How many eventfds and epoll sets this process has open. */
    static long openDescriptors() {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(RawHandles::isAnonymous).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isAnonymous(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("anon_inode:");
        } catch (IOException e) {
            // The one of this list itself, or a file that others closed meanwhile.
            return false;
        }
    }
}
