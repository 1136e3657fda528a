package io.eventfdd.internal.http;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.Count;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.Transport;
import io.eventfdd.client.WouldBlockException;
import io.eventfdd.internal.Completions;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.Values;
import io.eventfdd.internal.VirtualThreads;
import io.eventfdd.internal.WaitFuture;
import io.eventfdd.internal.leases.HeldLeases;
import io.eventfdd.internal.leases.Leasing;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * A handle of an eventfd that the daemon reads and writes on behalf of this process. Each call that
 * waits has its own connection.
 */
public final class HttpEventfd implements Eventfd, Leasing {
    /** A call that waits, and that its handle can end. */
    public interface WaitingCall<T> {
        T on(CallHandle handle) throws InterruptedException;
    }

    private static final System.Logger LOGGER = System.getLogger(HttpEventfd.class.getName());

    private final EventfdName name;
    private final boolean semaphore;
    private final HttpDaemon daemon;
    private final Executor executor;
    private final HeldLeases leases;
    private final Consumer<? super HttpEventfd> onClose;
    private final GatheredReads reads;
    private final Set<CallHandle> waits = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Creates a handle.
     *
     * @param executor completes futures
     * @param leases the leases of the client over HTTP
     * @param onClose is told once, when the handle closes
     */
    HttpEventfd(
            EventfdName name,
            boolean semaphore,
            HttpDaemon daemon,
            Executor executor,
            HeldLeases leases,
            Consumer<? super HttpEventfd> onClose) {
        this.name = name;
        this.semaphore = semaphore;
        this.daemon = daemon;
        this.executor = new Completions(executor);
        this.leases = leases;
        this.onClose = onClose;
        this.reads = daemon.beginReads(name);
    }

    @Override
    public String name() {
        return name.value();
    }

    EventfdName eventfdName() {
        return name;
    }

    @Override
    public HeldLeases leases() {
        return leases;
    }

    @Override
    public boolean isSemaphore() {
        return semaphore;
    }

    @Override
    public Transport transport() {
        return Transport.HTTP;
    }

    // Calls that do not wait

    @Override
    public void write(long value) {
        Values.check(value);
        checkOpen();
        daemon.write(name, value);
    }

    @Override
    public boolean tryWrite(long value) {
        try {
            write(value);
            return true;
        } catch (WouldBlockException e) {
            return false;
        }
    }

    @Override
    public OptionalLong tryRead() {
        checkOpen();
        return optional(semaphore ? reads.read() : daemon.read(name));
    }

    @Override
    public long count() {
        checkOpen();
        return daemon.state(name).count();
    }

    // Calls that wait

    @Override
    public boolean write(long value, Duration timeout) throws InterruptedException {
        Values.check(value);
        var deadline = Deadline.in(timeout);
        return waiting(handle -> daemon.write(name, value, deadline, handle));
    }

    @Override
    public long read() throws InterruptedException {
        return waiting(handle -> daemon.read(name, Deadline.NEVER, handle));
    }

    @Override
    public OptionalLong read(Duration timeout) throws InterruptedException {
        var deadline = Deadline.in(timeout);
        return optional(waiting(handle -> daemon.read(name, deadline, handle)));
    }

    @Override
    public void await() throws InterruptedException {
        var unused = waiting(handle -> daemon.await(name, Deadline.NEVER, handle));
    }

    @Override
    public boolean await(Duration timeout) throws InterruptedException {
        var deadline = Deadline.in(timeout);
        return waiting(handle -> daemon.await(name, deadline, handle)) != 0;
    }

    private <T> T waiting(WaitingCall<T> call) throws InterruptedException {
        return waiting(List.of(this), new CallHandle(), call);
    }

    /** A wait on {@code eventfds}, which ends when one of them is closed. */
    public static <T> T waiting(List<HttpEventfd> eventfds, CallHandle handle, WaitingCall<T> call)
            throws InterruptedException {
        eventfds.forEach(eventfd -> eventfd.waits.add(handle));
        try {
            eventfds.forEach(HttpEventfd::checkOpen);
            return call.on(handle);
        } catch (ConnectionLostException | DaemonUnavailableException e) {
            eventfds.forEach(HttpEventfd::checkOpen);
            throw e;
        } finally {
            eventfds.forEach(eventfd -> eventfd.waits.remove(handle));
        }
    }

    // Later

    @Override
    public CompletableFuture<Long> readAsync() {
        return later(
                handle -> daemon.read(name, Deadline.NEVER, handle),
                value -> daemon.putBack(name, value));
    }

    @Override
    public CompletableFuture<Long> awaitAsync() {
        return later(handle -> daemon.await(name, Deadline.NEVER, handle), value -> {});
    }

    /**
     * Starts a wait on its own thread.
     *
     * @param putBack takes the value of a future that somebody completed or cancelled first
     */
    private CompletableFuture<Long> later(WaitingCall<Long> call, LongConsumer putBack) {
        var handle = new CallHandle();
        var future = new WaitFuture<Long>(handle::end);
        VirtualThreads.startAny(
                threadName(),
                () -> {
                    try {
                        long value = waiting(List.of(this), handle, call);
                        executor.execute(() -> {
                            if (!future.deliver(value)) {
                                giveUpLater(value, putBack);
                            }
                        });
                    } catch (InterruptedException | RuntimeException | Error e) {
                        executor.execute(() -> future.fail(e));
                    }
                });
        return future;
    }

    private String threadName() {
        return "eventfdd-client-" + name;
    }

    /**
     * Puts {@code value} back on a thread of its own, or on this one if there is none to be had.
     */
    private void giveUpLater(long value, LongConsumer putBack) {
        try {
            VirtualThreads.startAny(threadName(), () -> giveUp(value, putBack));
        } catch (OutOfMemoryError e) {
            giveUp(value, putBack);
        }
    }

    /** Puts {@code value} back. Nobody is there to be told if that fails. */
    private void giveUp(long value, LongConsumer putBack) {
        try {
            putBack.accept(value);
        } catch (RuntimeException e) {
            LOGGER.log(
                    Level.DEBUG,
                    () -> "cannot put back " + Count.toString(value) + " to eventfd " + name,
                    e);
        }
    }

    private static OptionalLong optional(long value) {
        return value == 0 ? OptionalLong.empty() : OptionalLong.of(value);
    }

    // The handle

    @Override
    public OptionalInt fd() {
        return OptionalInt.empty();
    }

    @Override
    public boolean isOpen() {
        return !closed.get();
    }

    private void checkOpen() {
        if (closed.get()) {
            throw Failures.handleClosed(name);
        }
    }

    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        waits.forEach(CallHandle::end);
        daemon.endReads(name);
        onClose.accept(this);
    }

    @Override
    public String toString() {
        return "eventfd " + name + " (" + (closed.get() ? "closed" : "over HTTP") + ")";
    }
}
