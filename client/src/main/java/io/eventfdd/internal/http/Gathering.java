package io.eventfdd.internal.http;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonFaultException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.LimitException;
import io.eventfdd.internal.Deadline;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Requests of many threads that leave together in one call. As long as few calls are under way, a
 * request leaves at once and alone. With more threads than that, requests gather here while one
 * call is under way, and then leave together, until so few gather that they leave alone again.
 *
 * <p>There is no thread that sends the calls: one of the threads whose requests have gathered sends
 * a call for all of them. Once a request is in such a call, its thread waits for the answer, as
 * long as that takes: it is not known before whether the request was carried out. Safe for all
 * threads.
 *
 * @param <Q> a request
 * @param <A> its answer
 */
final class Gathering<Q, A> {
    /** Requests that become one call. For one thread. */
    interface Batch<Q, A> {
        /** Adds {@code request}. Returns false if it has to go with another call. */
        boolean add(Q request);

        /**
         * Makes the call.
         *
         * @return an answer for each request, in the order in which they were added; empty for one
         *     of which the call has done nothing, and that has to be made alone
         */
        List<Optional<A>> call();
    }

    /** The call for one request, which the thread of the request makes. */
    @FunctionalInterface
    interface Alone<A> {
        A call() throws InterruptedException;
    }

    /** So many threads are as fast if each makes its own call. */
    static final int MOST_ALONE = 4;

    /** If no more requests than these have gathered, the next ones leave alone. */
    private static final int FEW = 2;

    /**
     * How many times in a row a thread that sends a call lets the other threads run and finds that
     * none of them has added a request. Most of the threads of the last call have only just been
     * woken; each request that this call does not have costs another call.
     */
    private static final int FRUITLESS_YIELDS = 3;

    /** With so many requests, a call need not wait for more, however many threads begin. */
    private static final int ENOUGH = 256;

    private final Function<Q, A> alone;
    private final Supplier<? extends Batch<Q, A>> batches;
    private final AtomicInteger underWay = new AtomicInteger();

    /** Whether there are so many threads that requests gather. */
    private volatile boolean crowded;

    private final ConcurrentLinkedQueue<Waiting<Q, A>> waiting = new ConcurrentLinkedQueue<>();

    /**
     * Gathers nothing yet.
     *
     * @param alone makes the call for one request
     * @param batches makes a batch without requests
     */
    Gathering(Function<Q, A> alone, Supplier<? extends Batch<Q, A>> batches) {
        this.alone = alone;
        this.batches = batches;
    }

    /** A request whose thread waits until it is over. */
    private static final class Waiting<Q, A> {
        final Q request;
        final Thread thread = Thread.currentThread();

        /** The answer; empty if the request has to be made alone. */
        Optional<A> answer = Optional.empty();

        /** Why there is no answer; null if there is none for another reason. */
        @Nullable Throwable failure;

        /** Whether the others are set. */
        volatile boolean isOver;

        Waiting(Q request) {
            this.request = request;
        }

        void end(@Nullable Throwable why) {
            failure = why;
            isOver = true;
            if (thread != Thread.currentThread()) {
                LockSupport.unpark(thread);
            }
        }
    }

    /** The answer to {@code request}. An interrupt is kept for later. */
    A call(Q request) {
        if (beginAlone()) {
            try {
                return alone.apply(request);
            } finally {
                end();
            }
        }
        return answerTo(queue(request)).orElseGet(() -> alone.apply(request));
    }

    /**
     * The answer to {@code request}, which waits in the queue no longer than its thread may wait. A
     * request that is in a call already cannot be taken back. Its answer is awaited, and an
     * interrupt is then kept for later.
     *
     * @param deadline when the request leaves the queue
     * @param handle with which another thread can make it leave the queue
     * @param own makes the call for this request, if few calls are under way
     * @return empty if nothing was done about the request, and its thread has to make the call
     * @throws InterruptedException if the thread was interrupted; nothing was done about the
     *     request
     */
    Optional<A> call(Q request, Deadline deadline, CallHandle handle, Alone<A> own)
            throws InterruptedException {
        if (beginAlone()) {
            try {
                return Optional.of(own.call());
            } finally {
                end();
            }
        }
        handle.wakes(Thread.currentThread());
        var mine = queue(request);
        while (!mine.isOver) {
            boolean interrupted = Thread.currentThread().isInterrupted();
            if (interrupted || handle.isEnded() || deadline.hasPassed()) {
                if (!leave(mine)) {
                    break;
                } else if (interrupted) {
                    Thread.interrupted();
                    throw new InterruptedException();
                }
                return Optional.empty();
            } else if (begin(1)) {
                lead(mine);
            } else {
                LockSupport.parkNanos(this, deadline.nanosLeft());
            }
        }
        return answerTo(mine);
    }

    /** Counts a call under way for one request, if there are few. */
    private boolean beginAlone() {
        return !crowded && waiting.isEmpty() && begin(MOST_ALONE);
    }

    private Waiting<Q, A> queue(Q request) {
        crowded = true;
        var mine = new Waiting<Q, A>(request);
        waiting.add(mine);
        return mine;
    }

    /** Takes a request out of the queue. Returns false if it is in a call. */
    private boolean leave(Waiting<Q, A> mine) {
        synchronized (this) {
            if (!waiting.remove(mine)) {
                return false;
            }
        }
        if (underWay.get() == 0) {
            wakeNext(); // It may have been this thread's turn.
        }
        return true;
    }

    /** The answer to a request, which is awaited; empty if the request has to be made alone. */
    private Optional<A> answerTo(Waiting<Q, A> mine) {
        boolean interrupted = false;
        while (!mine.isOver) {
            if (begin(1)) {
                lead(mine);
            } else {
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        var failure = mine.failure;
        if (failure != null) {
            throw failureOf(failure);
        }
        return mine.answer;
    }

    /** Counts a call under way, if it is one of the first {@code most}. */
    private boolean begin(int most) {
        int now = underWay.get();
        while (now < most) {
            if (underWay.compareAndSet(now, now + 1)) {
                return true;
            }
            now = underWay.get();
        }
        return false;
    }

    /** Counts a call that is over. A thread whose request waits can then send the next. */
    private void end() {
        if (underWay.decrementAndGet() == 0) {
            // A thread that could not begin before this has added its request before that, so this
            // look finds it.
            wakeNext();
        }
    }

    private void wakeNext() {
        var next = waiting.peek();
        if (next != null) {
            LockSupport.unpark(next.thread);
        }
    }

    /**
     * Sends what has gathered, as a call that is counted already. If this thread cannot do so, for
     * want of memory or stack, its request leaves the queue, so that the others do not wait for it.
     */
    private void lead(Waiting<Q, A> mine) {
        try {
            sendTogether(new ArrayList<>());
        } catch (RuntimeException | Error e) {
            waiting.remove(mine);
            throw e;
        } finally {
            end();
        }
    }

    /**
     * Sends what has gathered, and tells each thread what has become of its request. It throws only
     * if no request is in the call.
     */
    private void sendTogether(List<Waiting<Q, A>> gathered) {
        Throwable failure = null;
        try {
            awaitOthers();
            var batch = gather(gathered);
            if (!gathered.isEmpty()) {
                crowded = gathered.size() > FEW;
                var answers = batch.call();
                for (int i = 0; i < gathered.size(); i++) {
                    gathered.get(i).answer = answers.get(i);
                }
            }
        } catch (RuntimeException | Error e) {
            if (gathered.isEmpty()) {
                throw e;
            }
            failure = e;
        } finally {
            // All are woken before the next call begins, so that it finds their next requests.
            for (int i = 0; i < gathered.size(); i++) {
                gathered.get(i).end(failure);
            }
        }
    }

    /** Lets the other threads run as long as they add requests. It waits for none of them. */
    @SuppressWarnings("ThreadPriorityCheck") // a hint: it is right without
    private void awaitOthers() {
        int found = waiting.size();
        int fruitless = 0;
        while (fruitless < FRUITLESS_YIELDS && found < ENOUGH) {
            Thread.yield();
            int now = waiting.size();
            fruitless = now > found ? 0 : fruitless + 1;
            found = now;
        }
    }

    /**
     * Moves what one call can have into {@code gathered}. One thread at a time takes requests, and
     * none leaves meanwhile.
     */
    private synchronized Batch<Q, A> gather(List<Waiting<Q, A>> gathered) {
        var batch = batches.get();
        for (var next = waiting.peek();
                next != null && batch.add(next.request);
                next = waiting.peek()) {
            gathered.add(next);
            waiting.remove();
        }
        return batch;
    }

    /** The exception for one of several callers whose requests failed together. */
    private static RuntimeException failureOf(Throwable cause) {
        var message = String.valueOf(cause.getMessage());
        if (cause instanceof ConnectionLostException) {
            return new ConnectionLostException(message, cause);
        } else if (cause instanceof DaemonUnavailableException) {
            return new DaemonUnavailableException(message, cause);
        } else if (cause instanceof DaemonFaultException) {
            return new DaemonFaultException(message, null, cause);
        } else if (cause instanceof LimitException) {
            return new LimitException(message, null, cause);
        } else if (cause instanceof ClosedEventfdException) {
            return new ClosedEventfdException(message, cause);
        }
        return new IllegalStateException("the thread that sent this request failed", cause);
    }
}
