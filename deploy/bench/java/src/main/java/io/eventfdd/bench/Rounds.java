package io.eventfdd.bench;

import org.HdrHistogram.Histogram;

/** How long rounds take that are made one after the other. For the thread that makes them. */
final class Rounds {
    private static final int BATCH = 64;

    /** The significant digits of a percentile. */
    static final int DIGITS = 3;

    private Rounds() {}

    /** One round. */
    interface Round {
        void run() throws Exception;
    }

    /** The nanoseconds of a round, on average over {@code seconds}. */
    static double mean(Round round, double seconds) throws Exception {
        long start = System.nanoTime();
        long rounds = 0;
        double spent;
        do {
            for (int i = 0; i < BATCH; i++) {
                round.run();
            }
            rounds += BATCH;
            spent = System.nanoTime() - start;
        } while (spent < seconds * 1e9);
        return spent / rounds;
    }

    /** The nanoseconds that {@code percent} of the rounds in {@code seconds} do not exceed. */
    static double percentile(Round round, double seconds, double percent) throws Exception {
        var times = new Histogram(DIGITS);
        long start = System.nanoTime();
        long before = start;
        do {
            round.run();
            long now = System.nanoTime();
            times.recordValue(now - before);
            before = now;
        } while (before - start < seconds * 1e9);
        return times.getValueAtPercentile(percent);
    }

    /**
     * Makes rounds for {@code warmup}, and then prints how long they take: a percentile if {@code
     * percent} is not 0, and the mean otherwise.
     */
    static void print(Round round, double warmup, double seconds, double percent) throws Exception {
        mean(round, warmup);
        System.out.println(
                percent == 0 ? mean(round, seconds) : percentile(round, seconds, percent));
    }
}
