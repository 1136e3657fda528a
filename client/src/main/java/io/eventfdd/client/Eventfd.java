package io.eventfdd.client;

import java.io.Closeable;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * A handle on one named eventfd, which any number of processes share. Safe for all threads.
 *
 * <p>A write adds to the count. A read takes the count, all of it in counter mode and 1 in
 * {@linkplain #isSemaphore() semaphore mode}, and waits while it is 0. Counts and values are
 * unsigned 64-bit numbers in a {@code long}: {@link io.eventfdd.client.Count#toString} prints them.
 *
 * <pre>{@code
 * try (EventfddClient client = EventfddClient.connect();
 *         Eventfd orders = client.open("orders", EventfdSpec.counter())) {
 *     orders.write(3);
 *     System.out.println(orders.read()); // 3
 *     System.out.println(orders.tryRead()); // OptionalLong.empty
 * }
 * }</pre>
 *
 * <p><b>Waiting.</b> A wait ends with what it waits for, at its timeout and never before it, with
 * an interrupt, or at once with {@link ClosedEventfdException} when another thread closes the
 * handle. None of these loses a count: what was taken is returned, or was never taken. Platform
 * threads wait in the kernel; virtual threads and futures share one thread that waits for them, so
 * that there can be very many. Zero and negative timeouts do not wait.
 *
 * <p><b>O_NONBLOCK</b> belongs to the open file description, which all raw holders share, and some
 * libraries set or clear it for all of them. No call here depends on it. The kernel can still block
 * a raw write, if the count is full and another holder clears the flag at that moment. Such a write
 * is interrupted after some 10 ms, and has added nothing.
 *
 * <p>With {@link Transport#RAW} the waits of all processes compete for the count in the kernel, in
 * no particular order. With {@link Transport#HTTP}, the daemon serves them in the order of their
 * arrival.
 *
 * <p><b>Calls that leave together.</b> Over HTTP, if more than four threads of a client write at
 * the same time, their writes wait for the call that is under way, and then leave together in one
 * call, whichever handles they use. Reads of a semaphore that do not wait do the same. Each thread
 * has its own result. While a {@link #write(long, Duration)} waits for other calls, an interrupt or
 * {@link #close} ends it, and at its timeout it makes a call of its own. Once it has left with
 * others, only the answer tells whether it was carried out, so it returns with that answer, and an
 * interrupt stays in the thread's interrupt status. If the daemon does not answer, a write or read
 * without a timeout may take twice as long as one call: the call before it fails first, and then
 * its own.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/eventfd.2.html">eventfd(2)</a>
 */
public interface Eventfd extends Closeable {
    /** The name of the eventfd. */
    String name();

    /** Whether a read takes 1 (EFD_SEMAPHORE), and not the whole count. */
    boolean isSemaphore();

    /** How calls reach the eventfd: {@link Transport#RAW} or {@link Transport#HTTP}. */
    Transport transport();

    /**
     * Adds {@code value}, without waiting for room, whatever the flags of the description.
     *
     * @param value 1 to 2^64-2, unsigned
     * @throws WouldBlockException if there is no room for it; nothing was added
     */
    void write(long value);

    /**
     * Adds {@code value}, without waiting for room, whatever the flags of the description.
     *
     * @param value 1 to 2^64-2, unsigned
     * @return false if there is no room for it, and nothing was added
     */
    boolean tryWrite(long value);

    /**
     * Adds {@code value}, and waits until there is room for it.
     *
     * @param value 1 to 2^64-2, unsigned
     * @return false if there was no room for it within {@code timeout}, and nothing was added
     * @throws InterruptedException if the thread was interrupted; nothing was added
     */
    boolean write(long value, Duration timeout) throws InterruptedException;

    /**
     * Takes the count, or 1 of it in semaphore mode; waits while it is 0.
     *
     * @throws InterruptedException if the thread was interrupted; nothing was taken
     */
    long read() throws InterruptedException;

    /** Takes the count as {@link #read()} does, but does not wait; empty if the count is 0. */
    OptionalLong tryRead();

    /**
     * Takes the count as {@link #read()} does, but waits no longer than {@code timeout}; empty if
     * the count stayed 0 or others took it.
     *
     * @throws InterruptedException if the thread was interrupted; nothing was taken
     */
    OptionalLong read(Duration timeout) throws InterruptedException;

    /**
     * Waits until the count is not 0, and takes nothing. Another reader may take the count before
     * you do.
     */
    void await() throws InterruptedException;

    /**
     * Waits as {@link #await()} does, but no longer than {@code timeout}; false if the count stayed
     * 0.
     */
    boolean await(Duration timeout) throws InterruptedException;

    /**
     * As {@link #read()}, later. A future that is cancelled, timed out or completed by others first
     * takes nothing: what had been taken for it just then goes back, which over HTTP needs the
     * right to write. With a raw descriptor, what is written after the future is seen to be done
     * stays for others. It is completed on the client's {@linkplain EventfddClient.Builder#executor
     * executor}.
     *
     * <pre>{@code
     * CompletableFuture<Long> next = orders.readAsync().orTimeout(5, TimeUnit.SECONDS);
     * next.thenAccept(n -> System.out.println(n + " orders"));
     * }</pre>
     */
    CompletableFuture<Long> readAsync();

    /**
     * Completes once the count is not 0, with the count that is there then and that is not taken.
     * With a raw descriptor it is 0 if somebody else has taken it before the future is completed.
     */
    CompletableFuture<Long> awaitAsync();

    /** The count at this moment. Looking at it does not take it. */
    long count();

    /**
     * The number of the raw file descriptor, for an epoll set or a system call of your own; empty
     * over HTTP. It belongs to this handle: do not close it, and do not use it after {@link
     * #close}.
     */
    OptionalInt fd();

    /** Whether the handle can be used: {@link #close} was not called yet. */
    boolean isOpen();

    /**
     * Closes the handle; the eventfd stays. Waits of other threads on this handle end with {@link
     * ClosedEventfdException}, and no system call on its descriptor goes on when this returns.
     */
    @Override
    void close();
}
