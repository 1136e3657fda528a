package io.eventfdd.server.loop;

import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.reactor.Waker;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * The thread {@code eventfdd-loop} and its epoll set: it runs what is submitted, tells
 * registrations of their readiness, and wakes up for the next deadline. It is a platform thread,
 * since a native call pins a virtual one.
 */
public final class EventLoop implements AutoCloseable {
    /** Work for the loop's thread. */
    @FunctionalInterface
    public interface Task {
        /** Does it, on the loop's thread. What it throws ends the loop. */
        void run() throws IOException;

        /** The loop has ended, and will not do it. On any thread. */
        default void abandon() {}
    }

    /**
     * Work that may be too much for one turn: it is done in steps, some in each turn, so that its
     * size delays nobody else. A step takes some tens of microseconds where it can.
     */
    @FunctionalInterface
    public interface Work {
        /** Does a step, on the loop's thread. False if nothing is left to do. */
        boolean step() throws IOException;

        /** The loop has ended and will do no more steps. On its thread. */
        default void abandon() {}
    }

    private static final System.Logger LOGGER = System.getLogger(EventLoop.class.getName());

    /** So many that one wait for events is a small part of handling them, and no more. */
    private static final int EVENTS_A_TURN = 64;

    /**
     * How long one turn goes on with work, and how long with tasks, and how long with deadlines, in
     * nanoseconds; what is left then is for the next turn. Each of them does one step at least.
     */
    private static final long BUDGET_NANOS = 200_000;

    private final Epoll epoll;
    private final Waker waker;
    private final Registrations registrations = new Registrations();
    private final Queue<Task> submitted = new ConcurrentLinkedQueue<>();

    /** What is not finished; each has its steps in turn. */
    private final Deque<Work> works = new ArrayDeque<>();

    /**
     * When something was submitted that the loop has not begun to act on; 0 where there is none.
     */
    private final AtomicLong submittedAt = new AtomicLong();

    /**
     * Whether the loop waits for events, or is about to. It sets this and then looks at {@link
     * #submittedAt}, others set that and then look at this: so one of both sees the other, and a
     * loop that turns needs no wake-up.
     */
    private volatile boolean asleep;

    private final Deadlines deadlines;
    private final LongSupplier nanoTime;
    private final Thread thread;
    private volatile Runnable onFailure = () -> {};
    private volatile boolean over;

    /** Written by the loop's thread alone. */
    private volatile long turns;

    private final Longest longestTurn;
    private volatile LongConsumer lags = nanos -> {};
    private long timers;
    private boolean closing;

    /** When the part of the turn that is under way has to end. */
    private long budgetEnd;

    /** Whether {@link #endOfBatch} is among what is submitted. */
    private boolean batchOpen;

    private final Task endOfBatch = () -> batchOpen = false;

    /**
     * A loop that does not run yet.
     *
     * @param nanoTime the clock, as {@link System#nanoTime}
     */
    public EventLoop(LongSupplier nanoTime) throws IOException {
        this.nanoTime = nanoTime;
        this.longestTurn = new Longest(nanoTime.getAsLong());
        this.deadlines = new Deadlines();
        this.epoll = Epoll.create(EVENTS_A_TURN);
        this.waker = Waker.create();
        this.thread = Thread.ofPlatform().name("eventfdd-loop").unstarted(this::run);
    }

    /** Starts the thread. {@code onFailure} runs on it, once, if the loop dies of a bug. */
    public void start(Runnable onFailure) {
        this.onFailure = onFailure;
        thread.start();
    }

    /** Whether the calling thread is the loop's. */
    public boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    /**
     * Runs {@code task} on the loop's thread, after what was submitted before; abandons it where
     * the loop has ended.
     */
    public void submit(Task task) {
        submitted.add(task);
        if (over) {
            abandonSubmitted();
        } else {
            wake();
        }
    }

    private void abandonSubmitted() {
        for (var task = submitted.poll(); task != null; task = submitted.poll()) {
            task.abandon();
        }
    }

    /** Once for many tasks, and only where the loop would not see them by itself. */
    private void wake() {
        if (submittedAt.get() != 0 || !submittedAt.compareAndSet(0, now() | 1)) {
            return;
        }
        if (asleep) {
            waker.wake();
        }
    }

    /** The clock that deadlines are told in. */
    public long now() {
        return nanoTime.getAsLong();
    }

    /** Runs {@code task} on the loop's thread once {@code delay} is over. */
    public void after(Duration delay, Task task) {
        assert inLoop();
        deadlines.add(new Timer(now() + delay.toNanos(), Long.MIN_VALUE + ++timers, task));
    }

    /** Its sequence is counted from the lowest number, far from all that waits. */
    private record Timer(long deadline, long sequence, Task task) implements Deadlines.Timed {
        @Override
        public void expire() throws IOException {
            task.run();
        }
    }

    public Deadlines deadlines() {
        assert inLoop();
        return deadlines;
    }

    /** Has {@code work} done from now on, beside other work. */
    public void begin(Work work) {
        assert inLoop();
        works.add(work);
    }

    /** What {@link #each} does to one element. */
    @FunctionalInterface
    public interface Action<T> {
        /** Does it, on the loop's thread. */
        void on(T element) throws IOException;
    }

    /**
     * Does {@code action} to all of {@code elements} as they are now, to one in each step: there
     * may be thousands. The first step is done at once.
     */
    public <T> void each(Collection<T> elements, Action<T> action) throws IOException {
        var left = List.copyOf(elements).iterator();
        Work work =
                () -> {
                    if (left.hasNext()) {
                        action.on(left.next());
                    }
                    return left.hasNext();
                };
        if (work.step()) {
            begin(work);
        }
    }

    /** Whether the part of the turn that is under way has time for another step. */
    public boolean hasTime() {
        assert inLoop();
        return nanoTime.getAsLong() - budgetEnd < 0;
    }

    /** Adds {@code fd} to the epoll set; {@code target} hears of it until {@link #unregister}. */
    public Registration register(Fd fd, int interest, Registration.Target target)
            throws ErrnoException {
        assert inLoop();
        var registration = registrations.add(fd, target);
        try {
            epoll.add(fd, interest, registration.token());
        } catch (ErrnoException e) {
            registrations.remove(registration);
            throw e;
        }
        return registration;
    }

    /** Changes what is asked of it, and looks at once. */
    public void modify(Registration registration, int interest) throws ErrnoException {
        assert inLoop();
        epoll.modify(registration.fd(), interest, registration.token());
    }

    /**
     * Removes it; the descriptor is still open. What epoll_wait has found of it already is dropped.
     */
    public void unregister(Registration registration) throws ErrnoException {
        assert inLoop();
        registrations.remove(registration);
        epoll.remove(registration.fd());
    }

    private void run() {
        try {
            // Each write is an edge, so that the count need never be read.
            var own = register(waker.fd(), Epoll.IN | Epoll.ET, events -> {});
            while (!closing) {
                turn();
            }
            unregister(own);
        } catch (Throwable bug) {
            LOGGER.log(Level.ERROR, "the event loop failed; the daemon ends", bug);
            onFailure.run();
        } finally {
            over = true;
            works.forEach(Work::abandon);
            abandonSubmitted();
        }
    }

    /**
     * How often the loop has woken up: it stands still while nobody calls and nobody's time is up.
     */
    public long turns() {
        return turns;
    }

    /**
     * The longest that the loop was busy without looking for what is ready, in the last minute or
     * two, in nanoseconds: an event of the kernel's waits for it that long at most.
     */
    public long longestTurn() {
        return longestTurn.at(now());
    }

    /**
     * Has {@code lags} told, on the loop's thread, how long it took until the loop acted on what
     * was submitted, in nanoseconds: once for all that it found at a time, from the first of it on.
     */
    public void tellLags(LongConsumer lags) {
        this.lags = lags;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    private void turn() throws IOException {
        turns++;
        asleep = true;
        boolean busy = submittedAt.get() != 0 || !works.isEmpty();
        int found = epoll.await(busy ? 0 : deadlines.millisUntilNext(now()));
        asleep = false;
        long began = now();
        for (int i = 0; i < found; i++) {
            registrations.tell(epoll.data(i), epoll.events(i));
        }
        work();
        runSubmitted();
        expire();
        long ended = now();
        longestTurn.add(ended, ended - began);
    }

    private void beginBudget() {
        budgetEnd = now() + BUDGET_NANOS;
    }

    /** Events begin work: so it has its steps before what was submitted. */
    private void work() throws IOException {
        beginBudget();
        for (var work = works.poll(); work != null; work = hasTime() ? works.poll() : null) {
            if (work.step()) {
                works.add(work);
            }
        }
    }

    /**
     * Only what is there now, and only as much as the turn has time for: a task that submits
     * another one must not keep the kernel's events waiting, and many tasks must not either.
     */
    private void runSubmitted() throws IOException {
        long ready = submittedAt.getAndSet(0);
        if (ready != 0) {
            lags.accept(now() - ready);
        }
        if (!batchOpen) {
            batchOpen = true;
            submitted.add(endOfBatch);
        }
        beginBudget();
        do {
            submitted.remove().run();
        } while (batchOpen && hasTime());
        if (!submitted.isEmpty()) {
            // So that the loop does not sleep over what is left, which has waited since then.
            submittedAt.set(ready == 0 ? now() | 1 : ready);
        }
    }

    private void expire() throws IOException {
        beginBudget();
        do {
            if (!deadlines.expireNext(now())) {
                return;
            }
        } while (hasTime());
    }

    /**
     * Ends the thread after what was submitted before, and closes the epoll set. Not from the
     * loop's thread.
     */
    @Override
    public void close() {
        submit(() -> closing = true);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        epoll.close();
        waker.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
