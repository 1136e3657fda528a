package io.eventfdd.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.util.concurrent.Semaphore;

/**
 * {@code OneJvm ping-pong|flow platform|virtual CPU CPU WARMUP SECONDS}: {@link PingPong} and
 * {@link Flow} within one process, between two threads that have semaphores of
 * java.util.concurrent. It prints the nanoseconds of a round trip, or the permits that arrive in a
 * second. A platform thread runs on one of the processors only.
 */
final class OneJvm {
    /** The bytes of a cpu_set_t. */
    private static final long CPU_SET = 128;

    private final Semaphore there = new Semaphore(0);
    private final Semaphore back = new Semaphore(0);

    private OneJvm() {}

    public static void main(String[] arguments) throws InterruptedException {
        boolean virtual = arguments[1].equals("virtual");
        int here = Integer.parseInt(arguments[2]);
        int there = Integer.parseInt(arguments[3]);
        double warmup = Double.parseDouble(arguments[4]);
        double seconds = Double.parseDouble(arguments[5]);
        var jvm = new OneJvm();
        if (arguments[0].equals("ping-pong")) {
            start(virtual, there, jvm::pong);
            start(virtual, here, () -> Rounds.print(jvm::round, warmup, seconds, 0)).join();
        } else {
            start(virtual, there, jvm::produce);
            start(virtual, here, () -> jvm.consume(warmup, seconds)).join();
        }
        System.exit(0);
    }

    private static Thread start(boolean virtual, int cpu, Rounds.Round task) {
        var builder = virtual ? Thread.ofVirtual() : Thread.ofPlatform();
        return builder.start(() -> {
            try {
                if (!virtual) {
                    runOn(cpu);
                }
                task.run();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** Has the kernel run this thread on one processor only; see sched_setaffinity(2). */
    @SuppressWarnings("restricted") // the suite enables native access
    private static void runOn(int cpu) {
        var linker = Linker.nativeLinker();
        var call =
                linker.downcallHandle(
                        linker.defaultLookup().findOrThrow("sched_setaffinity"),
                        FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
        try (var arena = Arena.ofConfined()) {
            var set = arena.allocate(CPU_SET);
            set.set(JAVA_BYTE, cpu / Byte.SIZE, (byte) (1 << cpu % Byte.SIZE));
            int result = (int) call.invokeExact(0, CPU_SET, set);
            if (result != 0) {
                throw new IllegalStateException("sched_setaffinity: " + result);
            }
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private void round() throws InterruptedException {
        there.release();
        back.acquire();
    }

    private void pong() throws InterruptedException {
        while (true) {
            there.acquire();
            back.release();
        }
    }

    private void produce() {
        while (true) {
            there.release();
        }
    }

    private void consume(double warmup, double seconds) throws InterruptedException {
        permits(warmup);
        System.out.println(permits(seconds));
    }

    /** Permits in a second, over {@code seconds}. */
    private double permits(double seconds) throws InterruptedException {
        long start = System.nanoTime();
        long count = 0;
        double spent;
        do {
            there.acquire();
            count += 1 + there.drainPermits();
            spent = System.nanoTime() - start;
        } while (spent < seconds * 1e9);
        return count / spent * 1e9;
    }
}
