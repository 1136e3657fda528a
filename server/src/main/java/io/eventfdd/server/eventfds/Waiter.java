package io.eventfdd.server.eventfds;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.Problem;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.WaitRequest.Mode;
import io.eventfdd.server.loop.Deadlines;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A call that waits on one eventfd or more. It belongs to the loop's thread from its arrival to its
 * end; {@link #outcome} is what its own thread waits for.
 *
 * <p>A waiter that any of its targets can serve stands in the lines of all of them. One that needs
 * all of them at one moment stands in one line only: that of a target in which something is
 * missing. As long as it is missing there, what happens to the others does not matter.
 */
abstract sealed class Waiter implements Deadlines.Timed {
    /** How a wait ended. */
    sealed interface Outcome {
        /** Served: what was seen or taken, at least one; for a write, nothing. */
        record Served(List<Reading> readings) implements Outcome {}

        /** Not served. */
        record Ended(End end) implements Outcome {}

        /**
         * Nothing was written in time.
         *
         * @param full at least one: those without room at the end, or the one where others waited
         *     for room first
         */
        record NoRoom(List<NamedEventfd> full) implements Outcome {
            public NoRoom {
                assert !full.isEmpty();
            }
        }

        /** Not taken into the lines, or put out of them by a failure of the kernel. */
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
    private boolean over;

    private Waiter(List<NamedEventfd> targets, Caller caller, long deadline) {
        this.targets = targets;
        this.caller = caller;
        this.deadline = deadline;
    }

    /** Takes each readable of its targets, or all of them; in line with others that do. */
    static sealed class Consumer extends Waiter permits Taker {
        private final Mode mode;
        private final int most;

        /**
         * A consumer of many.
         *
         * @param most how many permits to take of a single semaphore, 1 to 1,024
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

    /** Takes what a lease asks for: a number of permits of each of its targets, or none. */
    static final class Taker extends Consumer {
        private final String id;
        private final LeaseRequest request;
        private final List<Part> take;
        private final List<Part> give;
        private final boolean keyed;
        private @Nullable Lease lease;

        /**
         * A taker.
         *
         * @param id what the lease is to be called
         * @param take what {@code request} takes, in the order of the targets
         * @param give what it gives
         * @param keyed whether the answer is kept for an idempotency key
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
            return take.stream().map(Part::target).toList();
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

        /** How many permits it takes of that target. */
        long amount(int index) {
            return take.get(index).value();
        }

        /** It was granted this one. */
        void lease(Lease granted) {
            lease = granted;
        }

        /** What it was granted. */
        Lease lease() {
            return requireNonNull(lease);
        }
    }

    /** Sees what is readable and takes nothing. */
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

    /** Adds a value to each of its targets once there is room in all of them. */
    static final class Writer extends Waiter {
        private final List<Long> values;

        /**
         * A writer.
         *
         * @param values for each target, unsigned
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

    /** Sees every count and stays; it ends by itself only with its client. */
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

    /** The one target of a waiter on one. */
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

    /** Whether it is served by all of its targets together, or by any. */
    abstract boolean needsAll();

    /** Whether it waits for what can be read, once. */
    boolean isReader() {
        return this instanceof Consumer || this instanceof Observer;
    }

    /** Whether its place is in the line of {@code target}, which is one of its targets. */
    boolean standsInLineOf(NamedEventfd target) {
        return watched == null || watched == target;
    }

    /** The only target whose line it stands in; absent if it stands in all lines. */
    @Nullable NamedEventfd watched() {
        return watched;
    }

    /** From now on its only place is in the line of {@code target}. */
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

    /** Whether it could not be served as it came, and waits. */
    boolean isWaiting() {
        return waiting;
    }

    void setWaiting() {
        waiting = true;
    }

    /** Whether it is out of the lines, or leaving them: it must not be served any more. */
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

    @Override
    public long sequence() {
        return sequence;
    }

    /** It takes its place in the lines, which is that of its arrival. */
    void arrive(long sequence, Lines lines) {
        this.sequence = sequence;
        this.lines = lines;
    }

    @Override
    public void expire() throws IOException {
        requireNonNull(lines).expire(this);
    }
}
