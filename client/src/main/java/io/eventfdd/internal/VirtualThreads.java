package io.eventfdd.internal;

import org.jspecify.annotations.Nullable;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Virtual threads, in a form that also works on Java 17, which has none. */
public final class VirtualThreads {
    private static final @Nullable MethodHandle IS_VIRTUAL = isVirtual();

    private static final @Nullable MethodHandle START_VIRTUAL = startVirtual();

    private VirtualThreads() {}

    private static @Nullable MethodHandle isVirtual() {
        try {
            return MethodHandles.publicLookup()
                    .findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
        } catch (NoSuchMethodException | IllegalAccessException e) {
            return null;
        }
    }

    private static @Nullable MethodHandle startVirtual() {
        try {
            return MethodHandles.publicLookup()
                    .findStatic(
                            Thread.class,
                            "startVirtualThread",
                            MethodType.methodType(Thread.class, Runnable.class));
        } catch (NoSuchMethodException | IllegalAccessException e) {
            return null;
        }
    }

    /**
     * Runs {@code task} on a virtual thread if this Java has them, and otherwise on a daemon
     * thread.
     *
     * @throws OutOfMemoryError if there is no thread to be had
     */
    public static void startAny(String name, Runnable task) {
        if (START_VIRTUAL != null) {
            try {
                var unused = (Thread) START_VIRTUAL.invokeExact(task);
                return;
            } catch (Throwable e) {
                // The first one needs threads of the JDK. If there were none to be had then, no
                // virtual thread starts in this JVM any more (JDK 25).
            }
        }
        startPlatform(name, task);
    }

    /** Runs {@code task} on a daemon thread of the operating system. */
    public static void startPlatform(String name, Runnable task) {
        var thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Runs {@code task}, which blocks in the kernel, on this thread, or on another one if this is a
     * virtual thread, because that would keep other virtual threads from running.
     */
    public static <T> T onPlatform(String name, Supplier<T> task) {
        if (!isCurrent()) {
            return task.get();
        }
        var result = new CompletableFuture<T>();
        startPlatform(
                name,
                () -> {
                    try {
                        result.complete(task.get());
                    } catch (RuntimeException | Error e) {
                        result.completeExceptionally(e);
                    }
                });
        try {
            return result.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            } else if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e;
        }
    }

    /** Whether the calling thread is a virtual thread, which must not block in a native call. */
    public static boolean isCurrent() {
        if (IS_VIRTUAL == null) {
            return false;
        }
        try {
            return (boolean) IS_VIRTUAL.invokeExact(Thread.currentThread());
        } catch (Throwable e) {
            throw new AssertionError("Thread.isVirtual throws nothing", e);
        }
    }
}
