package io.eventfdd.bench;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code Linked each|sum|latency FROM TO NAME WARMUP SECONDS}: signals from the eventfd {@code
 * NAME} of the daemon in {@code FROM} to the one in {@code TO}, between which bridges have a link.
 * It prints how many signals a second arrive, or how many nanoseconds one takes.
 *
 * <ul>
 *   <li>{@code each}: signals are written as fast as the link takes them, for a link that makes
 *       each a message.
 *   <li>{@code sum}: signals are written as fast as possible, and add up.
 *   <li>{@code latency}: a signal is written when the one before it has arrived.
 * </ul>
 */
final class Linked {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** How often the writer looks whether its signals were taken, in nanoseconds. */
    private static final long LOOK = 1_000_000;

    /** How many signals wait for the link at most: more than it takes between two looks. */
    private static final long WAITING = 1_000;

    private final Eventfd from;
    private final Eventfd to;

    private Linked(Eventfd from, Eventfd to) {
        this.from = from;
        this.to = to;
    }

    public static void main(String[] arguments) throws Exception {
        double warmup = Double.parseDouble(arguments[4]);
        double seconds = Double.parseDouble(arguments[5]);
        try (var left = client(arguments[1]);
                var right = client(arguments[2]);
                var from = left.open(arguments[3], EventfdSpec.counter());
                var to = right.open(arguments[3], EventfdSpec.counter())) {
            var linked = new Linked(from, to);
            switch (arguments[0]) {
                case "latency" -> Rounds.print(linked::round, warmup, seconds, 0);
                case "each" -> {
                    linked.rate(warmup, linked::writeNext);
                    System.out.println(linked.rate(seconds, linked::writeNext));
                }
                case "sum" -> {
                    linked.rate(warmup, linked::write);
                    System.out.println(linked.rate(seconds, linked::write));
                }
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        }
    }

    private static EventfddClient client(String directory) {
        return EventfddClient.builder()
                .transport(Transport.RAW)
                .runtimeDirectory(Path.of(directory))
                .connect();
    }

    private void round() throws InterruptedException {
        from.write(1);
        if (to.read(PATIENCE).isEmpty()) {
            throw new IllegalStateException("the signal did not arrive");
        }
    }

    private void write() {
        from.write(1);
    }

    private void writeNext() {
        while (from.count() >= WAITING) {
            LockSupport.parkNanos(LOOK);
        }
        from.write(1);
    }

    /** How many signals arrive each second, from the first write until the last one has arrived. */
    private double rate(double seconds, Runnable write) throws InterruptedException {
        long start = System.nanoTime();
        long end = start + (long) (seconds * 1e9);
        long written = 0;
        while (System.nanoTime() < end) {
            write.run();
            written++;
        }
        long arrived = 0;
        while (arrived < written) {
            arrived += to.read(PATIENCE).orElseThrow();
        }
        return written / ((System.nanoTime() - start) / 1e9);
    }
}
