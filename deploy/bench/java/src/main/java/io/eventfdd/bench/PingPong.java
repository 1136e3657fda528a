package io.eventfdd.bench;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;

import org.HdrHistogram.SingleWriterRecorder;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/**
 * {@code PingPong ping|pong platform|virtual|future|chained WARMUP SECONDS [PERCENT]}: two
 * processes that signal one another in turn. Ping prints the nanoseconds of a round trip (the
 * percentile, or else the mean), and then ends pong. A chained future is completed in place, and
 * its action makes the next one.
 */
final class PingPong {
    private static final long ROUND = 1;
    private static final long END = 2;

    private PingPong() {}

    public static void main(String[] arguments) throws Exception {
        var seconds = Double.parseDouble(arguments[3]);
        var warmup = Double.parseDouble(arguments[2]);
        double percent = arguments.length > 4 ? Double.parseDouble(arguments[4]) : 0;
        boolean chained = arguments[1].equals("chained");
        var builder = EventfddClient.builder();
        try (var client = (chained ? builder.executor(Runnable::run) : builder).connect();
                var ping = client.open("ping", EventfdSpec.counter());
                var pong = client.open("pong", EventfdSpec.counter())) {
            boolean first = arguments[0].equals("ping");
            var side = first ? new Side(ping, pong) : new Side(pong, ping);
            boolean future = arguments[1].equals("future");
            Task task =
                    first
                            ? () ->
                                    ping(
                                            future ? side::roundOfFutures : side::round,
                                            side,
                                            warmup,
                                            seconds,
                                            percent)
                            : () -> pong(future, side);
            if (chained) {
                var chain = new Chain(side, percent != 0);
                if (first) {
                    chain.ping(warmup, seconds, percent);
                } else {
                    chain.pong();
                }
            } else if (arguments[1].equals("virtual")) {
                onVirtualThread(task);
            } else {
                task.run();
            }
        }
    }

    /** What a thread does here. */
    private interface Task {
        void run() throws Exception;
    }

    /** One process's view: the eventfd that it writes and the one that it reads. */
    private record Side(Eventfd out, Eventfd in) {
        void round() throws InterruptedException {
            out.write(ROUND);
            in.read();
        }

        void roundOfFutures() {
            out.write(ROUND);
            in.readAsync().join();
        }

        /** Answers until the end; false then. */
        boolean answer(long value) {
            out.write(ROUND);
            return value != END;
        }
    }

    /** Rounds that are the actions of futures, on the thread that completes them. */
    private static final class Chain {
        private final Side side;
        private final CountDownLatch begin = new CountDownLatch(1);
        private final CompletableFuture<Void> end = new CompletableFuture<>();
        private final SingleWriterRecorder times = new SingleWriterRecorder(Rounds.DIGITS);
        private final boolean timed;
        private long before = System.nanoTime();
        private volatile long rounds;
        private volatile boolean ending;

        /**
         * Begins with {@link #ping} or {@link #pong}.
         *
         * @param timed whether it looks at the clock after each round
         */
        Chain(Side side, boolean timed) {
            this.side = side;
            this.timed = timed;
        }

        void ping(double warmup, double seconds, double percent) throws Exception {
            next();
            side.out().write(ROUND);
            begin.await();
            Thread.sleep(Math.round(warmup * 1000));
            times.reset();
            long first = rounds;
            long start = System.nanoTime();
            Thread.sleep(Math.round(seconds * 1000));
            double mean = (double) (System.nanoTime() - start) / (rounds - first);
            System.out.println(
                    timed ? times.getIntervalHistogram().getValueAtPercentile(percent) : mean);
            ending = true;
            end.get();
            side.in().read(); // pong's answer to the end
        }

        void pong() throws Exception {
            next();
            end.get();
        }

        private void next() {
            var _ = side.in().readAsync().whenComplete(this::answer);
        }

        @SuppressWarnings("NonAtomicVolatileUpdate") // one thread counts
        private void answer(Long value, Throwable failure) {
            if (failure != null) {
                end.completeExceptionally(failure);
                return;
            }
            if (rounds++ == 0) {
                begin.countDown();
            }
            if (timed) {
                long now = System.nanoTime();
                times.recordValue(now - before);
                before = now;
            }
            boolean last = ending || value == END;
            side.out().write(last ? END : ROUND);
            if (last) {
                end.complete(null);
            } else {
                next();
            }
        }
    }

    private static void ping(
            Rounds.Round round, Side side, double warmup, double seconds, double percent)
            throws Exception {
        Rounds.print(round, warmup, seconds, percent);
        side.out().write(END);
        side.in().read();
    }

    private static void pong(boolean future, Side side) throws InterruptedException {
        boolean more = true;
        while (more) {
            more = side.answer(future ? side.in().readAsync().join() : side.in().read());
        }
    }

    private static void onVirtualThread(Task task) throws InterruptedException {
        var done = new CountDownLatch(1);
        Thread.startVirtualThread(() -> {
            try {
                task.run();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            } finally {
                done.countDown();
            }
        });
        done.await();
    }
}
