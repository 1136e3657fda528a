package io.eventfdd.server.bridge;

import static io.eventfdd.server.bridge.Hosts.count;
import static io.eventfdd.server.testing.BridgeProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

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
 * Each signal is counted once, whatever happens to the hosts: one host exports, two import. Each of
 * these has a copy of every signal, and both share the signals once more. In the other direction,
 * one of them exports and the first host imports. At random moments, bridges and the server are
 * killed, daemons restart, and links of the network are cut. At the end, of the signals that were
 * written, each copy has all, and the shares have all together.
 *
 * <p>A daemon that is killed loses its keys, so a call that is under way then is in doubt. Daemons
 * are therefore killed only when all signals have arrived, while others hold their eventfds.
 *
 * <p>{@code -Dbridge.seconds=60 -Dbridge.seed=7 -Dbridge.runs=20} makes it longer and another. With
 * {@code -Dbridge.networks=true}, each host has a network namespace, and its link can be cut.
 */
class BridgeConservationIT {
    private static final long SECONDS = Long.getLong("bridge.seconds", 15);
    private static final long SEED = Long.getLong("bridge.seed", 1);
    private static final long RUNS = Long.getLong("bridge.runs", 1);
    private static final boolean NETWORKS = Boolean.getBoolean("bridge.networks");

    private static final String OF_SOURCE =
            """
            - export: {name: a, subject: s, create: counter}
            - import: {name: back, subject: t, mode: copy, create: counter}
            """;
    private static final String IMPORTS =
            """
            - import: {name: copy, subject: s, mode: copy, create: counter}
            - import: {name: share, subject: s, mode: share, create: counter}
            """;
    private static final String BACK = "- export: {name: back, subject: t, create: counter}\n";

    static LongStream seeds() {
        return LongStream.range(SEED, SEED + RUNS);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void whatIsWrittenIsCountedOnceWhateverHappens(long seed) throws Exception {
        try (var nats = NatsServer.startAt(NETWORKS ? "0.0.0.0" : "127.0.0.1");
                var source = Host.start("source", 1, NETWORKS, nats, OF_SOURCE, "a", "back");
                var left =
                        Host.start(
                                "left",
                                2,
                                NETWORKS,
                                nats,
                                IMPORTS + BACK,
                                "copy",
                                "share",
                                "back");
                var right = Host.start("right", 3, NETWORKS, nats, IMPORTS, "copy", "share")) {
            var run = new Run(new Random(seed), nats, source, left, right);
            try {
                run.writeWithAccidents();
                run.awaitAll();
                // What would be counted twice comes before this, or is claimed before.
                for (var host : run.hosts()) {
                    host.bridge().kill();
                    host.bridge().restart();
                }
                run.write();
                run.awaitAll();
            } catch (AssertionError e) {
                throw new AssertionError(run + "\n" + run.logs(), e);
            }
            assertThat(run.logs()).doesNotContain("ERROR");
            assertThat(count(source.daemon(), "a")).isZero();
        }
    }

    /** The load and the accidents of one seed. */
    private static final class Run {
        private static final long LEAST_PAUSE = TimeUnit.MILLISECONDS.toNanos(20);
        private static final long MOST_PAUSE = TimeUnit.MILLISECONDS.toNanos(1500);
        private static final long LONGEST_CUT = TimeUnit.SECONDS.toNanos(4);

        private final Random random;
        private final NatsServer nats;
        private final Host source;
        private final Host left;
        private final Host right;
        private long written;
        private long writtenBack;

        Run(Random random, NatsServer nats, Host source, Host left, Host right) {
            this.random = random;
            this.nats = nats;
            this.source = source;
            this.left = left;
            this.right = right;
        }

        List<Host> hosts() {
            return List.of(source, left, right);
        }

        void writeWithAccidents() throws Exception {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (System.nanoTime() < end) {
                writeFor(random.nextLong(LEAST_PAUSE, MOST_PAUSE));
                happen();
            }
        }

        private void writeFor(long nanos) {
            long next = System.nanoTime() + nanos;
            while (System.nanoTime() < next) {
                write();
                LockSupport.parkNanos(random.nextInt(2_000_000));
            }
        }

        void write() {
            int value = 1 + random.nextInt(9);
            source.daemon().write("a", value);
            written += value;
            left.daemon().write("back", 1);
            writtenBack++;
        }

        void awaitAll() {
            var all = BigInteger.valueOf(written);
            var allBack = BigInteger.valueOf(writtenBack);
            until(() -> all.equals(count(left.daemon(), "copy")));
            until(() -> all.equals(count(right.daemon(), "copy")));
            until(() -> all.equals(shares()));
            until(() -> allBack.equals(count(source.daemon(), "back")));
        }

        private void awaitMarks() {
            source.awaitMarked(nats, "t", "left", "back");
            for (var host : List.of(left, right)) {
                host.awaitMarked(nats, "s", "source", "copy");
                host.awaitClaimsMarked(nats, "share");
            }
        }

        private BigInteger shares() {
            return count(left.daemon(), "share").add(count(right.daemon(), "share"));
        }

        private void happen() throws Exception {
            var host = hosts().get(random.nextInt(3));
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> {
                    nats.kill();
                    nats.restart();
                }
                case 3 -> host.restartDaemon();
                case 4 -> {
                    awaitAll();
                    awaitMarks();
                    host.killDaemon();
                }
                case 5, 6 -> {
                    host.cut();
                    writeFor(random.nextLong(LEAST_PAUSE, LONGEST_CUT));
                    if (random.nextBoolean()) {
                        // What it had sent arrives after all, when the next one is there.
                        host.bridge().kill();
                        host.bridge().restart();
                    }
                    host.mend();
                }
                default -> {
                    host.bridge().kill();
                    host.bridge().restart();
                }
            }
        }

        String logs() {
            return source.bridge().log() + left.bridge().log() + right.bridge().log();
        }

        @Override
        public String toString() {
            return "written: %d, copies: %s and %s, shares: %s, back: %s of %d, not taken: %s and %s"
                    .formatted(
                            written,
                            count(left.daemon(), "copy"),
                            count(right.daemon(), "copy"),
                            shares(),
                            count(source.daemon(), "back"),
                            writtenBack,
                            count(source.daemon(), "a"),
                            count(left.daemon(), "back"));
        }
    }
}
