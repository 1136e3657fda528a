package io.eventfdd.server.eventfds;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.Problem;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.WaitRequest.Mode;
import io.eventfdd.server.loop.Deadlines;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A call that waits on one or several eventfds. It belongs to the loop's thread from its arrival to
 * its end; its own thread waits for {@link #outcome}.
 *
 * <p>A waiter that any of its targets can serve stands in the lines of all of them. A waiter that
 * needs all of them at one moment stands in one line only: that of a target that cannot serve it
 * yet. Until that target can, changes of the others do not matter.
 */
abstract sealed class Waiter extends Deadlines.Timed {
    /** How a wait ended. */
    sealed interface Outcome {
        /** Served: the readings that were seen or taken, at least one; for a write, none. */
        record Served(List<Reading> readings) implements Outcome {}

        /** Not served. */
        record Ended(End end) implements Outcome {}

        /**
         * Nothing was written in time.
         *
         * @param full at least one eventfd: those without room at the end, or the one at which
         *     others waited for room first
         */
        record NoRoom(List<NamedEventfd> full) implements Outcome {
            public NoRoom {
                assert !full.isEmpty();
            }
        }

        /** Not admitted into the lines, or removed from them by a failure of the kernel. */
        record Refused(Problem problem) implements Outcome {}
    }

    private final List<NamedEventfd> targets;
    private final Caller caller;
    private final long deadline;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private long sequence;
    private @Nullable Lines lines;
    private @Nullable NamedEventfd watched;
    private boolean waiting;
    private long waitingSince;
    private @Nullable Problem refusal;
    private boolean over;

    private Waiter(List<NamedEventfd> targets, Caller caller, long deadline) {
        this.targets = targets;
        this.caller = caller;
        this.deadline = deadline;
    }

    /**
     * A waiter that takes from each of its targets that is readable, or from all together. It
     * stands in line with other consumers.
     */
    static sealed class Consumer extends Waiter permits Taker {
        private final Mode mode;
        private final int most;

        /**
         * Creates a consumer of several eventfds.
         *
         * @param most the greatest number of permits to take of a single semaphore, 1 to 1,024
         */
        Consumer(List<NamedEventfd> targets, Mode mode, int most, Caller caller, long deadline) {
            super(targets, caller, deadline);
            this.mode = mode;
            this.most = most;
        }

        @Override
        boolean needsAll() {
            return mode == Mode.ALL;
        }

        int most() {
            return most;
        }
    }

    /**
     * A waiter that takes the permits that a lease asks for: a number from each of its targets, or
     * nothing.
     */
    static final class Taker extends Consumer {
        private final String id;
        private final LeaseRequest request;
        private final List<Part> take;
        private final List<Part> give;
        private final boolean keyed;
        private @Nullable Lease lease;

        /**
         * Creates a taker.
         *
         * @param id the ID of the lease
         * @param take the permits that {@code request} takes, in the order of the targets
         * @param give the values that it gives
         * @param keyed whether an idempotency key keeps the answer
         */
        Taker(
                String id,
                LeaseRequest request,
                List<Part> take,
                List<Part> give,
                boolean keyed,
                Caller caller,
                long deadline) {
            super(targets(take), Mode.ALL, 1, caller, deadline);
            this.id = id;
            this.request = request;
            this.take = take;
            this.give = give;
            this.keyed = keyed;
        }

        private static List<NamedEventfd> targets(List<Part> take) {
            var targets = new ArrayList<NamedEventfd>(take.size());
            for (var part : take) {
                targets.add(part.target());
            }
            return targets;
        }

        String id() {
            return id;
        }

        LeaseRequest request() {
            return request;
        }

        List<Part> take() {
            return take;
        }

        List<Part> give() {
            return give;
        }

        boolean isKeyed() {
            return keyed;
        }

        /** The number of permits that it takes of this target. */
        long amount(int index) {
            return take.get(index).value();
        }

        /** Whether it takes more than {@code count} permits of {@code target}. */
        boolean wantsMoreThan(long count, NamedEventfd target) {
            return Long.compareUnsigned(amount(targets().indexOf(target)), count) > 0;
        }

        /** Sets the lease that it was granted. */
        void lease(Lease granted) {
            lease = granted;
        }

        /** The lease that it was granted. */
        Lease lease() {
            return requireNonNull(lease);
        }
    }

    /** A waiter that sees which of its targets are readable, and takes nothing. */
    static final class Observer extends Waiter {
        private final Mode mode;

        Observer(List<NamedEventfd> targets, Mode mode, Caller caller, long deadline) {
            super(targets, caller, deadline);
            this.mode = mode;
        }

        @Override
        boolean needsAll() {
            return mode == Mode.ALL;
        }
    }

    /** A waiter that adds a value to each of its targets once there is room in all of them. */
    static final class Writer extends Waiter {
        private final List<Long> values;

        /**
         * Creates a writer.
         *
         * @param values the value for each target, unsigned
         */
        Writer(List<NamedEventfd> targets, List<Long> values, Caller caller, long deadline) {
            super(targets, caller, deadline);
            this.values = values;
        }

        long value(int index) {
            return values.get(index);
        }

        @Override
        boolean needsAll() {
            return true;
        }
    }

    /** A waiter that sees every count and stays. It ends by itself only when its client does. */
    static final class Watcher extends Waiter {
        private final Watch watch;

        Watcher(NamedEventfd target, Watch watch, Caller caller) {
            super(List.of(target), caller, 0);
            this.watch = watch;
        }

        Watch watch() {
            return watch;
        }

        @Override
        boolean needsAll() {
            return false;
        }
    }

    List<NamedEventfd> targets() {
        return targets;
    }

    /** The target of a waiter that has exactly one. */
    NamedEventfd target() {
        return targets.getFirst();
    }

    boolean isSingle() {
        return targets.size() == 1;
    }

    /** Whether a target was deleted, so that it cannot be served any more. */
    boolean lostTarget() {
        for (var target : targets) {
            if (target.deleted) {
                return true;
            }
        }
        return false;
    }

    /** Whether a reader that stands in the line of another eventfd needs one of its targets. */
    boolean isAnyReadElsewhere() {
        for (var target : targets) {
            if (target.isReadElsewhere()) {
                return true;
            }
        }
        return false;
    }

    /** Whether this waiter needs all of its targets together, rather than any of them. */
    abstract boolean needsAll();

    /** Whether this waiter waits to be shown a count or to take one, once. */
    boolean isReader() {
        return this instanceof Consumer || this instanceof Observer;
    }

    /** Whether this waiter is in the line of {@code target}, which is one of its targets. */
    boolean standsInLineOf(NamedEventfd target) {
        return watched == null || watched == target;
    }

    /** The only target whose line it stands in; absent if it stands in all lines. */
    @Nullable NamedEventfd watched() {
        return watched;
    }

    /** Moves its only place into the line of {@code target}. */
    void watch(NamedEventfd target) {
        watched = target;
    }

    Caller caller() {
        return caller;
    }

    CompletableFuture<Outcome> outcome() {
        return outcome;
    }

    boolean hasDeadline() {
        return !(this instanceof Watcher);
    }

    /** Whether this waiter could not be served at its arrival, and waits. */
    boolean isWaiting() {
        return waiting;
    }

    /** Notes that this waiter begins to wait, at that time of the loop's clock. */
    void setWaiting(long nanoTime) {
        waiting = true;
        waitingSince = nanoTime;
    }

    /** Notes that a limit does not let this waiter wait: it is served now, or not at all. */
    void refuse(Problem limit) {
        refusal = limit;
    }

    /** The limit that does not let it wait, if there is one. */
    @Nullable Problem refusal() {
        return refusal;
    }

    /** When it began to wait, if it {@linkplain #isWaiting waits}. */
    long waitingSince() {
        return waitingSince;
    }

    /**
     * Whether it has left the lines, or is leaving them, so that it must not be served any more.
     */
    boolean isOver() {
        return over;
    }

    void setOver() {
        over = true;
    }

    @Override
    public long deadline() {
        return deadline;
    }

    /** The place of this waiter in the order of arrival of all waiters. */
    long sequence() {
        return sequence;
    }

    /** Gives it its place in the lines, which is that of its arrival. */
    void arrive(long sequence, Lines lines) {
        this.sequence = sequence;
        this.lines = lines;
    }

    @Override
    public void expire() throws IOException {
        requireNonNull(lines).expire(this);
    }
}
