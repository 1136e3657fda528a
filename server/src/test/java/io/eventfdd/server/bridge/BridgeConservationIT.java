package io.eventfdd.server.bridge;

import static io.eventfdd.server.bridge.Hosts.count;
import static io.eventfdd.server.testing.BridgeProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.BridgeProcess;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.NatsServer;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.math.BigInteger;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;

/**
 * Each signal is counted once, whoever is killed: one host exports, two import. Each of these has a
 * copy of every signal, and both share the signals once more. Bridges and the server are killed at
 * random, and daemons restart as planned. At the end, of the signals that were written, each copy
 * has all, and the shares have all together.
 *
 * <p>Daemons are not killed here, because a kill ends their keys: a call that is under way then is
 * in doubt.
 *
 * <p>{@code -Dbridge.seconds=60 -Dbridge.seed=7 -Dbridge.runs=20} makes it longer and another.
 */
class BridgeConservationIT {
    private static final long SECONDS = Long.getLong("bridge.seconds", 15);
    private static final long SEED = Long.getLong("bridge.seed", 1);
    private static final long RUNS = Long.getLong("bridge.runs", 1);

    private static final String EXPORT = "- export: {name: a, subject: s, create: counter}\n";
    private static final String IMPORTS =
            """
            - import: {name: copy, subject: s, mode: copy, create: counter}
            - import: {name: share, subject: s, mode: share, create: counter}
            """;

    static LongStream seeds() {
        return LongStream.range(SEED, SEED + RUNS);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void whatIsWrittenIsCountedOnceWhoeverIsKilled(long seed) throws Exception {
        try (var nats = NatsServer.start();
                var source = DaemonProcess.start();
                var left = DaemonProcess.start();
                var right = DaemonProcess.start()) {
            source.create("a");
            try (var export = BridgeProcess.start(source, nats, "source", EXPORT);
                    var toLeft = BridgeProcess.start(left, nats, "left", IMPORTS);
                    var toRight = BridgeProcess.start(right, nats, "right", IMPORTS)) {
                var run = new Run(new Random(seed), nats, List.of(export, toLeft, toRight));
                long written = run.writeAndKill(source, List.of(source, left, right));
                try {
                    awaitAll(written, left, right);
                    // What would be counted twice comes before this, or is claimed before.
                    for (var bridge : List.of(export, toLeft, toRight)) {
                        bridge.kill();
                        bridge.restart();
                    }
                    source.write("a", 1);
                    awaitAll(written + 1, left, right);
                } catch (AssertionError e) {
                    throw new AssertionError(
                            "written: %d, copies: %s and %s, shares: %s and %s, left: %s\n%s"
                                    .formatted(
                                            written,
                                            count(left, "copy"),
                                            count(right, "copy"),
                                            count(left, "share"),
                                            count(right, "share"),
                                            count(source, "a"),
                                            export.log() + toLeft.log() + toRight.log()),
                            e);
                }
                assertThat(export.log() + toLeft.log() + toRight.log())
                        .doesNotContain("ERROR")
                        .doesNotContain("in doubt");
                assertThat(count(source, "a")).isZero();
            }
        }
    }

    private static void awaitAll(long written, DaemonProcess left, DaemonProcess right) {
        var all = BigInteger.valueOf(written);
        until(() -> all.equals(count(left, "copy")) && all.equals(count(right, "copy")));
        until(() -> all.equals(count(left, "share").add(count(right, "share"))));
    }

    /** The load and the accidents of one seed. */
    private record Run(Random random, NatsServer nats, List<BridgeProcess> bridges) {
        private static final long LEAST_PAUSE = TimeUnit.MILLISECONDS.toNanos(20);
        private static final long MOST_PAUSE = TimeUnit.MILLISECONDS.toNanos(1500);

        /** How many signals were written. */
        long writeAndKill(DaemonProcess source, List<DaemonProcess> daemons) throws Exception {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            long written = 0;
            while (System.nanoTime() < end) {
                long next = System.nanoTime() + random.nextLong(LEAST_PAUSE, MOST_PAUSE);
                while (System.nanoTime() < next) {
                    int value = 1 + random.nextInt(9);
                    source.write("a", value);
                    written += value;
                    LockSupport.parkNanos(random.nextInt(2_000_000));
                }
                happen(daemons);
            }
            return written;
        }

        private void happen(List<DaemonProcess> daemons) throws Exception {
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    nats.kill();
                    nats.restart();
                }
                case 3 -> {
                    var daemon = daemons.get(random.nextInt(daemons.size()));
                    daemon.signal("TERM");
                    assertThat(daemon.exitStatus()).isZero();
                    daemon.restart();
                }
                default -> {
                    var bridge = bridges.get(random.nextInt(bridges.size()));
                    bridge.kill();
                    bridge.restart();
                }
            }
        }
    }
}
