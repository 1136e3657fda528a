package io.eventfdd.internal.raw;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.Count;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.Values;
import io.eventfdd.internal.VirtualThreads;
import io.eventfdd.internal.leases.HeldLeases;
import io.eventfdd.internal.leases.Leasing;
import io.eventfdd.internal.linux.Cpu;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ReadBuffer;

import org.jspecify.annotations.Nullable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * A handle of an eventfd through its descriptor. Each call acquires the descriptor, so that it is
 * not closed, and its number not reused, during the call.
 *
 * <p>No call blocks in read(2) or write(2), whatever flags other holders of the open file
 * description set: reads use {@code RWF_NOWAIT}, and writes go through {@link RawWriter}.
 */
public final class RawEventfd implements Eventfd, Leasing {
    /** How long a close waits for calls that are under way. */
    private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final VarHandle SPARE_BUFFER;

    static {
        try {
            SPARE_BUFFER =
                    MethodHandles.lookup()
                            .findVarHandle(RawEventfd.class, "spareBuffer", ReadBuffer.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final EventfdName name;
    private final EventfdSpec spec;
    private final EventFd eventFd;
    private final Fd fd;
    private final RawWaits waits;
    private final RawWriter writer;
    private final Line line;
    private final HeldLeases leases;
    private final Consumer<? super RawEventfd> onClose;

    /** The buffer of the last read, unless another call uses it. */
    private volatile @Nullable ReadBuffer spareBuffer;

    /**
     * Creates a handle, which owns {@code eventFd}.
     *
     * @param leases the leases of the client over {@code fd.sock}
     * @param onClose is told once, when the handle closes
     */
    RawEventfd(
            EventfdName name,
            EventfdSpec spec,
            EventFd eventFd,
            RawWaits waits,
            HeldLeases leases,
            Consumer<? super RawEventfd> onClose) {
        this.name = name;
        this.spec = spec;
        this.eventFd = eventFd;
        this.fd = eventFd.fd();
        this.waits = waits;
        this.writer = new RawWriter(eventFd, waits.writeWatch());
        this.line = new Line(eventFd, writer, waits, this::closedException);
        this.leases = leases;
        this.onClose = onClose;
    }

    private ClosedEventfdException closedException() {
        return Failures.handleClosed(name);
    }

    @Override
    public String name() {
        return name.value();
    }

    @Override
    public boolean isSemaphore() {
        return spec.semaphore();
    }

    @Override
    public Transport transport() {
        return Transport.RAW;
    }

    @Override
    public HeldLeases leases() {
        return leases;
    }

    EventfdName eventfdName() {
        return name;
    }

    RawWaits waits() {
        return waits;
    }

    /** The waiters of this handle. */
    Line line() {
        return line;
    }

    // Writing

    @Override
    public void write(long value) {
        if (!tryWrite(value)) {
            throw Failures.of(
                    ProblemType.WOULD_BLOCK.problem(
                            "the count of " + name + " has no room for " + Count.toString(value)));
        }
    }

    @Override
    public boolean tryWrite(long value) {
        Values.check(value);
        acquire();
        try {
            return writer.write(value);
        } catch (ErrnoException e) {
            throw Failures.of(e);
        } finally {
            fd.release();
        }
    }

    @Override
    public boolean write(long value, Duration timeout) throws InterruptedException {
        interruptedCheck();
        if (tryWrite(value)) {
            return true;
        }
        var deadline = Deadline.in(timeout);
        return !deadline.hasPassed() && parked(Waiter.Wish.ROOM, value).await(deadline);
    }

    // Reading

    @Override
    public OptionalLong tryRead() {
        return optional(take());
    }

    @Override
    public long read() throws InterruptedException {
        return read(Deadline.NEVER);
    }

    @Override
    public OptionalLong read(Duration timeout) throws InterruptedException {
        return optional(read(Deadline.in(timeout)));
    }

    private static OptionalLong optional(long value) {
        return value == 0 ? OptionalLong.empty() : OptionalLong.of(value);
    }

    /** Takes a value, or returns 0 at the deadline. */
    private long read(Deadline deadline) throws InterruptedException {
        interruptedCheck();
        long value = take();
        if (value != 0 || deadline.hasPassed()) {
            return value;
        }
        value = spinForValue(deadline);
        if (value != 0) {
            return value;
        }
        return VirtualThreads.isCurrent() ? parkForValue(deadline) : sleepForValue(deadline);
    }

    /** A read(2) that never blocks. It returns the value that was taken, or 0. */
    long take() {
        acquire();
        var buffer = (ReadBuffer) SPARE_BUFFER.getAndSet(this, null);
        if (buffer == null) {
            buffer = new ReadBuffer();
        }
        try {
            return eventFd.readNow(buffer);
        } catch (ErrnoException e) {
            throw Failures.of(e);
        } finally {
            spareBuffer = buffer;
            fd.release();
        }
    }

    /**
     * As {@link #take}, but a value that was taken may go back, even if this is closed meanwhile.
     * It has to be {@linkplain Line#delivered() delivered} in any case.
     */
    long takeToDeliver() {
        if (!line.beginDelivery()) {
            throw closedException();
        }
        long value = 0;
        try {
            value = take();
            return value;
        } finally {
            if (value == 0) {
                line.delivered();
            }
        }
    }

    private long spinForValue(Deadline deadline) {
        if (line.isOccupied()) {
            return 0;
        }
        long start = System.nanoTime();
        long spin = Math.min(waits.spinNanos(), deadline.nanosLeft());
        while (System.nanoTime() - start < spin) {
            Cpu.yieldToOthers();
            long value = take();
            if (value != 0) {
                return value;
            }
        }
        return 0;
    }

    private long parkForValue(Deadline deadline) throws InterruptedException {
        var waiter = parked(Waiter.Wish.VALUE, 0);
        return waiter.await(deadline) ? waiter.value() : 0;
    }

    private long sleepForValue(Deadline deadline) throws InterruptedException {
        while (true) {
            sleep(deadline);
            // That the eventfd is readable does not mean that this read gets the value: others
            // compete for it.
            long value = take();
            if (value != 0 || deadline.hasPassed()) {
                return value;
            }
        }
    }

    // Waiting

    @Override
    public void await() throws InterruptedException {
        await(Deadline.NEVER);
    }

    @Override
    public boolean await(Duration timeout) throws InterruptedException {
        return await(Deadline.in(timeout));
    }

    private boolean await(Deadline deadline) throws InterruptedException {
        interruptedCheck();
        if (isReadable() || spinForReadable(deadline)) {
            return true;
        }
        if (VirtualThreads.isCurrent()) {
            return !deadline.hasPassed() && parked(Waiter.Wish.READABLE, 0).await(deadline);
        }
        while (!deadline.hasPassed()) {
            if (sleep(deadline)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a read would find something at this moment. */
    boolean isReadable() {
        acquire();
        try {
            return eventFd.isReadable();
        } catch (ErrnoException e) {
            throw Failures.of(e);
        } finally {
            fd.release();
        }
    }

    private boolean spinForReadable(Deadline deadline) {
        if (line.isOccupied()) {
            return false;
        }
        long start = System.nanoTime();
        long spin = Math.min(waits.spinNanos(), deadline.nanosLeft());
        while (System.nanoTime() - start < spin) {
            Cpu.yieldToOthers();
            if (isReadable()) {
                return true;
            }
        }
        return false;
    }

    /** Blocks this platform thread in the kernel. Returns true if the eventfd was readable. */
    private boolean sleep(Deadline deadline) throws InterruptedException {
        try {
            return waits.sleepers().sleep(List.of(line), List.of(line), deadline);
        } catch (ErrnoException e) {
            throw Failures.of(e);
        }
    }

    private ThreadWaiter parked(Waiter.Wish wish, long amount) {
        var waiter = new ThreadWaiter(line, wish, amount);
        line.join(waiter);
        return waiter;
    }

    private static void interruptedCheck() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    // Later

    @Override
    public CompletableFuture<Long> readAsync() {
        try {
            long value = take();
            return value != 0
                    ? CompletableFuture.completedFuture(value)
                    : future(Waiter.Wish.VALUE);
        } catch (EventfddException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public CompletableFuture<Long> awaitAsync() {
        try {
            return future(Waiter.Wish.READABLE);
        } catch (EventfddException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<Long> future(Waiter.Wish wish) {
        var waiter = new FutureWaiter(line, wish, this::count);
        line.join(waiter);
        return waiter.future();
    }

    // The handle

    /** Throws if this is closed. */
    void checkOpen() {
        if (!isOpen()) {
            throw closedException();
        }
    }

    @Override
    public long count() {
        acquire();
        try {
            return eventFd.count();
        } catch (ErrnoException e) {
            throw Failures.of(e);
        } finally {
            fd.release();
        }
    }

    @Override
    public OptionalInt fd() {
        return isOpen() ? OptionalInt.of(fd.number()) : OptionalInt.empty();
    }

    /** The spec that it was opened with. */
    EventfdSpec spec() {
        return spec;
    }

    EventFd eventFd() {
        return eventFd;
    }

    /**
     * Moves to {@code other}, the kernel object that the name leads to now, and takes over its
     * ownership. A count that is left on the previous object is added to the new one. All holders
     * of the previous object do the same, and each value is moved by exactly one of them.
     */
    void moveTo(Fd other) {
        try (other) {
            var before = line.replace(other);
            if (before.isPresent()) {
                try (var old = EventFd.adopt(before.get())) {
                    moveCount(old);
                }
            }
        } catch (ErrnoException e) {
            throw Failures.of(e);
        }
    }

    private void moveCount(EventFd old) throws ErrnoException {
        var buffer = new ReadBuffer();
        for (long value = old.readNow(buffer); value != 0; value = old.readNow(buffer)) {
            if (!line.putBackFromOutside(value)) {
                // The handle was closed meanwhile, so another holder moves the value.
                new RawWriter(old, waits.writeWatch()).write(value);
                return;
            }
        }
    }

    private void acquire() {
        if (!fd.acquire()) {
            throw closedException();
        }
    }

    @Override
    public boolean isOpen() {
        return !fd.isClosed();
    }

    @Override
    public void close() {
        if (!line.close()) {
            return;
        }
        fd.close();
        awaitCalls();
        onClose.accept(this);
    }

    /** The sleepers were woken and the other calls do not block, so all of them end in a moment. */
    private void awaitCalls() {
        long start = System.nanoTime();
        int rounds = 0;
        while (fd.uses() > line.deliveries() && System.nanoTime() - start < CLOSE_NANOS) {
            if (rounds++ == 0 || Thread.currentThread().isInterrupted()) {
                Cpu.yieldToOthers();
            } else {
                LockSupport.parkNanos(20_000);
            }
        }
    }

    @Override
    public String toString() {
        return "eventfd " + name + " (" + (isOpen() ? fd : "closed") + ")";
    }
}
