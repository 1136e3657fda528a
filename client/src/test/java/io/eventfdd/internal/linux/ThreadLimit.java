package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * No room for the stack of another thread, until it is closed. It is for a JVM whose stacks are of
 * 1 GiB, so that there is room for anything else.
 */
public final class ThreadLimit implements AutoCloseable {
    private static final int RLIMIT_AS = 9;
    private static final long ROOM = 512L << 20;

    private final long[] before = new long[2];
    private final CountDownLatch end = new CountDownLatch(1);

    /** From now on there is no thread to be had. */
    public ThreadLimit() throws IOException {
        LIBC.getrlimit(RLIMIT_AS, before);
        LIBC.setrlimit(RLIMIT_AS, new long[] {addressSpace() + ROOM, before[1]});
        while (isThreadToBeHad()) {
            // The stack of a thread that has ended is used again.
        }
    }

    /**
     * Runs {@code program} in a JVM with such stacks, and returns what it prints.
     *
     * @param directory for its output
     */
    public static List<String> linesOf(Class<?> program, Path directory, String... arguments)
            throws IOException, InterruptedException {
        var output = directory.resolve("output");
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xss1g", "-XX:+UseSerialGC"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(List.of(arguments));
        var process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("it ends").isTrue();
        } finally {
            process.destroyForcibly();
        }
        return Files.readAllLines(output);
    }

    private static long addressSpace() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            var size = lines.filter(line -> line.startsWith("VmSize:")).findFirst().orElseThrow();
            return Long.parseLong(size.replaceAll("\\D", "")) << 10;
        }
    }

    private boolean isThreadToBeHad() {
        var thread = new Thread(this::awaitEnd);
        thread.setDaemon(true);
        try {
            thread.start();
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    private void awaitEnd() {
        try {
            end.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        end.countDown();
        LIBC.setrlimit(RLIMIT_AS, before);
    }
}
