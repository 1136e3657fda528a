package io.eventfdd.bench;

import io.aeron.Aeron;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.FragmentHandler;

import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;

import java.nio.ByteBuffer;

/**
 * {@code AeronIpc ping|pong|producer|consumer|idle spin|yield|backoff|sleep DIRECTORY WARMUP
 * SECONDS [PERCENT]}: {@link PingPong}, {@link Flow} and {@link Idle} with messages of eight bytes
 * over Aeron's shared memory. All but ping and the consumer also run the media driver, in {@code
 * DIRECTORY}. Ping prints the nanoseconds of a round trip, the consumer prints the messages in a
 * second, and then both end the other one.
 */
final class AeronIpc {
    private static final String CHANNEL = "aeron:ipc";
    private static final int THERE = 1;
    private static final int BACK = 2;
    private static final long ROUND = 1;
    private static final long END = 2;
    private static final int BATCH = 64;

    private final Publication out;
    private final Subscription in;
    private final IdleStrategy idle;
    private final UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(Long.BYTES));
    private final FragmentHandler handler =
            (buffer, offset, length, header) -> received = buffer.getLong(offset);
    private long received;

    private AeronIpc(Publication out, Subscription in, IdleStrategy idle) {
        this.out = out;
        this.in = in;
        this.idle = idle;
    }

    public static void main(String[] arguments) throws Exception {
        var role = arguments[0];
        var strategy = arguments[1];
        var directory = arguments[2];
        double warmup = Double.parseDouble(arguments[3]);
        double seconds = Double.parseDouble(arguments[4]);
        double percent = arguments.length > 5 ? Double.parseDouble(arguments[5]) : 0;
        if (role.equals("ping") || role.equals("consumer")) {
            run(role, strategy, directory, warmup, seconds, percent);
        } else {
            try (var _ = driver(directory, idle(strategy))) {
                run(role, strategy, directory, warmup, seconds, percent);
            }
        }
    }

    private static void run(
            String role,
            String strategy,
            String directory,
            double warmup,
            double seconds,
            double percent)
            throws Exception {
        boolean measures = role.equals("ping") || role.equals("consumer");
        try (var aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(directory));
                var out = aeron.addPublication(CHANNEL, measures ? THERE : BACK);
                var in = aeron.addSubscription(CHANNEL, measures ? BACK : THERE)) {
            var side = new AeronIpc(out, in, idle(strategy));
            switch (role) {
                case "ping" -> side.ping(warmup, seconds, percent);
                case "pong" -> side.pong();
                case "producer" -> side.produce();
                case "consumer" -> side.consume(warmup, seconds);
                case "idle" -> System.out.println(Idle.share(side::await, warmup, seconds));
                default -> throw new IllegalArgumentException(role);
            }
        }
    }

    private static IdleStrategy idle(String strategy) {
        return switch (strategy) {
            case "spin" -> new BusySpinIdleStrategy();
            case "yield" -> new YieldingIdleStrategy();
            case "backoff" -> new BackoffIdleStrategy();
            case "sleep" -> new SleepingMillisIdleStrategy();
            default -> throw new IllegalArgumentException(strategy);
        };
    }

    private static MediaDriver driver(String directory, IdleStrategy idle) {
        return MediaDriver.launch(
                new MediaDriver.Context()
                        .aeronDirectoryName(directory)
                        .dirDeleteOnStart(true)
                        .dirDeleteOnShutdown(true)
                        .threadingMode(ThreadingMode.SHARED)
                        .sharedIdleStrategy(idle));
    }

    private void send(long value) {
        message.putLong(0, value);
        idle.reset();
        while (out.offer(message) < 0) {
            idle.idle();
        }
    }

    private long receive() {
        idle.reset();
        while (in.poll(handler, 1) == 0) {
            idle.idle();
        }
        return received;
    }

    /** Waits for a message that does not come, until it is interrupted. */
    private void await() {
        while (in.poll(handler, 1) == 0 && !Thread.currentThread().isInterrupted()) {
            idle.idle();
        }
    }

    private void ping(double warmup, double seconds, double percent) throws Exception {
        Rounds.print(
                () -> {
                    send(ROUND);
                    receive();
                },
                warmup,
                seconds,
                percent);
        send(END);
        receive();
    }

    private void pong() {
        long value;
        do {
            value = receive();
            send(value);
        } while (value != END);
    }

    /** Sends as fast as it can, until the consumer says that it has enough. */
    private void produce() {
        receive();
        message.putLong(0, ROUND);
        do {
            idle.idle(out.offer(message) < 0 ? 0 : 1);
        } while (in.poll(handler, 1) == 0);
    }

    private void consume(double warmup, double seconds) {
        send(ROUND);
        messages(warmup);
        System.out.println(messages(seconds));
        send(END);
    }

    /** Messages in a second, over {@code seconds}. */
    private double messages(double seconds) {
        long start = System.nanoTime();
        long count = 0;
        double spent;
        do {
            idle.reset();
            int found = in.poll(handler, BATCH);
            for (; found == 0; found = in.poll(handler, BATCH)) {
                idle.idle();
            }
            count += found;
            spent = System.nanoTime() - start;
        } while (spent < seconds * 1e9);
        return count / spent * 1e9;
    }
}
