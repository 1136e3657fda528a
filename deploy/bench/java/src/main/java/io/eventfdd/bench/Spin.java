package io.eventfdd.bench;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;

import org.HdrHistogram.Histogram;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;

/**
 * {@code Spin SPIN WARMUP SECONDS PERIOD...}: what a client's spin of {@code SPIN} microseconds
 * costs a thread that reads signals, and gives it. Each signal comes {@code PERIOD} microseconds
 * after the last one was taken. For each period it prints the median of the nanoseconds from a
 * write until the read has returned, and the processor time of the reader as a percentage of one
 * processor.
 */
final class Spin {
    private final Eventfd eventfd;
    private final Thread reader = new Thread(this::read);

    /** When the last read returned. */
    private volatile long taken;

    private Spin(Eventfd eventfd) {
        this.eventfd = eventfd;
    }

    public static void main(String[] arguments) throws InterruptedException {
        var spin = Duration.ofNanos(nanos(arguments[0]));
        double warmup = Double.parseDouble(arguments[1]);
        double seconds = Double.parseDouble(arguments[2]);
        long[] periods = Arrays.stream(arguments).skip(3).mapToLong(Spin::nanos).toArray();
        try (var client = EventfddClient.builder().spin(spin).connect();
                var eventfd = client.open("spin", EventfdSpec.counter())) {
            var pair = new Spin(eventfd);
            pair.reader.start();
            pair.wakeUps(warmup, periods[0]);
            for (long period : periods) {
                pair.print(seconds, period);
            }
            pair.reader.interrupt();
            pair.reader.join();
        }
    }

    private static long nanos(String micros) {
        return Long.parseLong(micros) * 1000;
    }

    private void read() {
        try {
            while (true) {
                eventfd.read();
                taken = System.nanoTime();
            }
        } catch (InterruptedException e) {
            // That is the end.
        }
    }

    private void print(double seconds, long period) {
        var threads = ManagementFactory.getThreadMXBean();
        long start = System.nanoTime();
        long before = threads.getThreadCpuTime(reader.threadId());
        var times = wakeUps(seconds, period);
        long used = threads.getThreadCpuTime(reader.threadId()) - before;
        double share = 100.0 * used / (System.nanoTime() - start);
        System.out.println(times.getValueAtPercentile(50) + " " + share);
    }

    /** Signals for so many {@code seconds}, from this thread, which never sleeps. */
    private Histogram wakeUps(double seconds, long period) {
        var times = new Histogram(Rounds.DIGITS);
        long begun = System.nanoTime();
        long last = begun;
        while (last - begun < seconds * 1e9) {
            while (System.nanoTime() - last < period) {
                Thread.onSpinWait();
            }
            long before = taken;
            long start = System.nanoTime();
            eventfd.write(1);
            while (taken == before) {
                Thread.onSpinWait();
            }
            last = taken;
            times.recordValue(last - start);
        }
        return times;
    }
}
