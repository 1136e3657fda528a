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
 * because a native call pins a virtual thread to its carrier.
 */
public final class EventLoop implements AutoCloseable {
    /** Work for the loop's thread. */
    @FunctionalInterface
    public interface Task {
        /** Runs the task on the loop's thread. An exception ends the loop. */
        void run() throws IOException;

        /** Called, on any thread, if the loop has ended and will not run the task. */
        default void abandon() {}
    }

    /**
     * Work that may be too much for one turn. It is done in steps, some in each turn, so that its
     * size delays nothing else. A step should take at most some tens of microseconds.
     */
    @FunctionalInterface
    public interface Work {
        /** Does one step, on the loop's thread. Returns false if nothing is left to do. */
        boolean step() throws IOException;

        /** Called on the loop's thread if the loop has ended and will do no more steps. */
        default void abandon() {}
    }

    private static final System.Logger LOGGER = System.getLogger(EventLoop.class.getName());

    /**
     * The number of events of one wait: just enough that the wait costs little beside handling
     * them.
     */
    private static final int EVENTS_A_TURN = 64;

    /**
     * The time that one turn spends on work, on tasks and on deadlines each, and on what its events
     * begin, in nanoseconds. The rest is left for the next turn. Work, tasks and deadlines do at
     * least one step each.
     */
    private static final long BUDGET_NANOS = 200_000;

    private final Epoll epoll;
    private final Waker waker;
    private final Registrations registrations = new Registrations();
    private final Queue<Task> submitted = new ConcurrentLinkedQueue<>();

    /** The unfinished work; each piece does its steps in turn. */
    private final Deque<Work> works = new ArrayDeque<>();

    /**
     * The time of the first submission that the loop has not begun to act on; 0 if there is none.
     */
    private final AtomicLong submittedAt = new AtomicLong();

    /**
     * Whether the loop waits for events, or is about to. The loop sets this field and then reads
     * {@link #submittedAt}; other threads set {@link #submittedAt} and then read this field. At
     * least one of the two sees what the other has written, and a loop that is busy needs no
     * wake-up.
     */
    private volatile boolean asleep;

    private final Deadlines deadlines;
    private final LongSupplier nanoTime;
    private final Thread thread;
    private volatile Runnable onFailure = () -> {};
    private volatile boolean over;

    /** Only the loop's thread writes this field. */
    private volatile long turns;

    private final Longest longestTurn;
    private volatile LongConsumer lags = nanos -> {};
    private boolean closing;

    /** The time at which the current part of the turn has to end. */
    private long budgetEnd;

    /** Whether {@link #endOfBatch} has been submitted and has not run yet. */
    private boolean batchOpen;

    private final Task endOfBatch = () -> batchOpen = false;

    /**
     * Creates a loop, which does not run yet.
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

    /**
     * Starts the thread. If the loop fails because of a bug, {@code onFailure} runs on that thread,
     * once.
     */
    public void start(Runnable onFailure) {
        this.onFailure = onFailure;
        thread.start();
    }

    /** Whether the calling thread is the loop's. */
    public boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    /**
     * Runs {@code task} on the loop's thread, after all tasks that were submitted before. If the
     * loop has ended, the task is abandoned.
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

    /** Wakes the loop once for many tasks, and only if it would not see them by itself. */
    private void wake() {
        if (submittedAt.get() != 0 || !submittedAt.compareAndSet(0, now() | 1)) {
            return;
        }
        if (asleep) {
            waker.wake();
        }
    }

    /** The current time of the clock that deadlines use. */
    public long now() {
        return nanoTime.getAsLong();
    }

    /** Runs {@code task} on the loop's thread once {@code delay} is over. */
    public void after(Duration delay, Task task) {
        assert inLoop();
        deadlines.add(new Timer(now() + delay.toNanos(), task));
    }

    /** Runs a task at a certain time. */
    private static final class Timer extends Deadlines.Timed {
        private final long deadline;
        private final Task task;

        Timer(long deadline, Task task) {
            this.deadline = deadline;
            this.task = task;
        }

        @Override
        public long deadline() {
            return deadline;
        }

        @Override
        public void expire() throws IOException {
            task.run();
        }
    }

    public Deadlines deadlines() {
        assert inLoop();
        return deadlines;
    }

    /** Begins {@code work}, whose steps take turns with those of other work. */
    public void begin(Work work) {
        assert inLoop();
        works.add(work);
    }

    /**
     * Does as many steps of {@code work} as this part of the turn has time for, and the rest later.
     */
    public void start(Work work) throws IOException {
        assert inLoop();
        while (hasTime()) {
            if (!work.step()) {
                return;
            }
        }
        begin(work);
    }

    /** The action of {@link #each} on one element. */
    @FunctionalInterface
    public interface Action<T> {
        /** Runs the action on the loop's thread. */
        void on(T element) throws IOException;
    }

    /**
     * Runs {@code action} for each element that {@code elements} has now, one in each step, because
     * there may be thousands. It {@linkplain #start starts} at once.
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
        start(work);
    }

    /** Whether the part of the turn that is under way has time for another step. */
    public boolean hasTime() {
        assert inLoop();
        return nanoTime.getAsLong() - budgetEnd < 0;
    }

    /**
     * Adds {@code fd} to the epoll set, and tells {@code target} of its events until {@link
     * #unregister}.
     */
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

    /** Changes the events that are asked for. The kernel checks them at once. */
    public void modify(Registration registration, int interest) throws ErrnoException {
        assert inLoop();
        epoll.modify(registration.fd(), interest, registration.token());
    }

    /**
     * Removes the registration of a descriptor that is still open. Events that epoll_wait has
     * already returned for it are dropped.
     */
    public void unregister(Registration registration) throws ErrnoException {
        assert inLoop();
        registrations.remove(registration);
        epoll.remove(registration.fd());
    }

    private void run() {
        try {
            // Edge-triggered: each write is an edge, so the count need never be read.
            var own = register(waker.fd(), Epoll.IN | Epoll.ET, events -> {});
            while (!closing) {
                turn();
            }
            unregister(own);
        } catch (Throwable bug) {
            LOGGER.log(Level.ERROR, "the event loop failed; the daemon stops", bug);
            onFailure.run();
        } finally {
            over = true;
            works.forEach(Work::abandon);
            abandonSubmitted();
        }
    }

    /**
     * The number of times that the loop has woken up. It does not change while there are no calls
     * and no deadlines.
     */
    public long turns() {
        return turns;
    }

    /**
     * The longest time, in nanoseconds, for which the loop was busy without asking the kernel for
     * events, in the last minute or two. No event of the kernel has waited longer.
     */
    public long longestTurn() {
        return longestTurn.at(now());
    }

    /**
     * Tells {@code lags}, on the loop's thread, how many nanoseconds it took until the loop acted
     * on a submission: once for all submissions that it found together, counted from the first of
     * them.
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
        long began = beginBudget();
        for (int i = 0; i < found; i++) {
            registrations.tell(epoll.data(i), epoll.events(i));
        }
        work();
        runSubmitted();
        expire();
        long ended = now();
        longestTurn.add(ended, ended - began);
    }

    /** Begins a part of the turn, and returns the time. */
    private long beginBudget() {
        long now = now();
        budgetEnd = now + BUDGET_NANOS;
        return now;
    }

    /** Events begin work, so work gets its steps before the tasks. */
    private void work() throws IOException {
        if (works.isEmpty()) {
            return;
        }
        beginBudget();
        do {
            var work = works.remove();
            if (work.step()) {
                works.add(work);
            }
        } while (!works.isEmpty() && hasTime());
    }

    /**
     * Runs only the tasks that are there now, and only as many as the turn has time for. Neither a
     * task that submits another one nor a large number of tasks may keep the kernel's events
     * waiting.
     */
    private void runSubmitted() throws IOException {
        long ready = submittedAt.getAndSet(0);
        if (ready != 0) {
            lags.accept(now() - ready);
        }
        if (submitted.isEmpty()) {
            return;
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
            // Keeps the loop from sleeping while tasks are left, which have waited since then.
            submittedAt.set(ready == 0 ? now() | 1 : ready);
        }
    }

    private void expire() throws IOException {
        if (deadlines.isEmpty()) {
            return;
        }
        beginBudget();
        boolean more;
        do {
            more = deadlines.expireNext(now());
        } while (more && hasTime());
    }

    /**
     * Ends the thread after all tasks that were submitted before, and closes the epoll set. It must
     * not be called on the loop's thread.
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
