package io.eventfdd.internal.http;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonFaultException;
import io.eventfdd.client.DaemonUnavailableException;

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
 * a call for all of them. Safe for all threads.
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

    /** What has become of a request in a call for several. */
    private sealed interface Outcome<A> {
        /** The call has the answer; empty if the request has to be made alone. */
        record Answered<A>(Optional<A> answer) implements Outcome<A> {}

        /** The call had no answer. */
        record Failed<A>(Throwable cause) implements Outcome<A> {}
    }

    /** A request whose thread waits until {@code outcome} is there. */
    private static final class Waiting<Q, A> {
        final Q request;
        final Thread thread = Thread.currentThread();
        volatile @Nullable Outcome<A> outcome;

        Waiting(Q request) {
            this.request = request;
        }

        void end(Outcome<A> with) {
            outcome = with;
            if (thread != Thread.currentThread()) {
                LockSupport.unpark(thread);
            }
        }
    }

    /** The answer to {@code request}. An interrupt is kept for later. */
    A call(Q request) {
        if (!crowded && waiting.isEmpty() && begin(MOST_ALONE)) {
            try {
                return alone.apply(request);
            } finally {
                end();
            }
        }
        crowded = true;
        var mine = new Waiting<Q, A>(request);
        waiting.add(mine);
        var outcome = outcomeOf(mine);
        if (outcome instanceof Outcome.Failed<A> failed) {
            throw failureOf(failed.cause());
        }
        return ((Outcome.Answered<A>) outcome).answer().orElseGet(() -> alone.apply(request));
    }

    private Outcome<A> outcomeOf(Waiting<Q, A> mine) {
        boolean interrupted = false;
        var outcome = mine.outcome;
        while (outcome == null) {
            if (begin(1)) {
                sendTogether();
            } else {
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
            }
            outcome = mine.outcome;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return outcome;
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
        if (underWay.decrementAndGet() > 0) {
            return;
        }
        // A thread that could not begin before this has added its request before that, so this
        // look finds it.
        var next = waiting.peek();
        if (next != null) {
            LockSupport.unpark(next.thread);
        }
    }

    /** Sends what has gathered, and tells each thread what has become of its request. */
    private void sendTogether() {
        var gathered = new ArrayList<Waiting<Q, A>>();
        var outcomes = new ArrayList<Outcome<A>>();
        try {
            awaitOthers();
            var batch = gather(gathered);
            if (!gathered.isEmpty()) {
                crowded = gathered.size() > FEW;
                batch.call().forEach(answer -> outcomes.add(new Outcome.Answered<>(answer)));
            }
        } catch (RuntimeException | Error e) {
            gathered.forEach(one -> outcomes.add(new Outcome.Failed<>(e)));
        } finally {
            // All are woken before the next call begins, so that it finds their next requests.
            for (int i = 0; i < gathered.size(); i++) {
                gathered.get(i).end(outcomes.get(i));
            }
            end();
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

    /** Moves what one call can have into {@code gathered}. One thread at a time takes requests. */
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
        } else if (cause instanceof ClosedEventfdException) {
            return new ClosedEventfdException(message, cause);
        }
        return new IllegalStateException("the thread that sent this request failed", cause);
    }
}
