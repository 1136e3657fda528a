package io.eventfdd.internal.raw;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/** The kinds of threads that a wait is called from. */
public enum ThreadKind {
    PLATFORM {
        @Override
        Thread start(Runnable task) {
            var thread = new Thread(task, "test");
            thread.setDaemon(true);
            thread.start();
            return thread;
        }
    },
    VIRTUAL {
        @Override
        Thread start(Runnable task) {
            assumeTrue(Runtime.version().feature() >= 21, "virtual threads are from Java 21 on");
            try {
                return (Thread)
                        Thread.class
                                .getMethod("startVirtualThread", Runnable.class)
                                .invoke(null, task);
            } catch (ReflectiveOperationException e) {
                throw new LinkageError("Thread.startVirtualThread", e);
            }
        }
    };

    abstract Thread start(Runnable task);

    /** A call that runs on a thread of its own. */
    public <T> Running<T> call(Callable<T> call) {
        var task = new FutureTask<>(call);
        return new Running<>(task, start(task));
    }

    /** A call that is under way. */
    public record Running<T>(FutureTask<T> task, Thread thread) {}
}
