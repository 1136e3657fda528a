package io.eventfdd.server.loop;

import static java.util.Objects.requireNonNull;

import io.eventfdd.protocol.Problem;
import io.eventfdd.protocol.WaitRequest.Mode;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A call that waits on one eventfd or more. It belongs to the loop's thread from its arrival to its
 * end; {@link #outcome} is what its own thread waits for.
 */
abstract sealed class Waiter implements Deadlines.Timed {
    /** How a wait ended. */
    sealed interface Outcome {
        /** Served: what was seen or taken, at least one; for a write, nothing. */
        record Served(List<Reading> readings) implements Outcome {}

        /** Not served. */
        record Ended(End end) implements Outcome {}

        /** Not taken into the lines. */
        record Refused(Problem problem) implements Outcome {}
    }

    private final List<NamedEventfd> targets;
    private final Caller caller;
    private final long deadline;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private long sequence;
    private @Nullable Lines lines;

    private Waiter(List<NamedEventfd> targets, Caller caller, long deadline) {
        this.targets = targets;
        this.caller = caller;
        this.deadline = deadline;
    }

    /** Takes each readable of its targets, or all of them; in line with others that do. */
    static final class Consumer extends Waiter {
        private final Mode mode;

        /** The pass of the line in which it was offered its targets last. */
        long offered;

        Consumer(List<NamedEventfd> targets, Mode mode, Caller caller, long deadline) {
            super(targets, caller, deadline);
            this.mode = mode;
        }

        boolean wantsAll() {
            return mode == Mode.ALL;
        }
    }

    /** Sees what is readable and takes nothing. */
    static final class Observer extends Waiter {
        private final Mode mode;

        Observer(List<NamedEventfd> targets, Mode mode, Caller caller, long deadline) {
            super(targets, caller, deadline);
            this.mode = mode;
        }

        boolean wantsAll() {
            return mode == Mode.ALL;
        }
    }

    /** Adds its value once there is room. */
    static final class Writer extends Waiter {
        private final long value;

        Writer(NamedEventfd target, long value, Caller caller, long deadline) {
            super(List.of(target), caller, deadline);
            this.value = value;
        }

        long value() {
            return value;
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

    Caller caller() {
        return caller;
    }

    CompletableFuture<Outcome> outcome() {
        return outcome;
    }

    boolean hasDeadline() {
        return !(this instanceof Watcher);
    }

    boolean isOver() {
        return outcome.isDone();
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
        requireNonNull(lines).end(this, End.TIMED_OUT);
    }
}
