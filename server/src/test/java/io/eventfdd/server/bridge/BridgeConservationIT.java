package io.eventfdd.server.bridge;

import static io.eventfdd.server.testing.BridgeProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.server.testing.NatsServer;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;

/**
 * Each signal is counted once, whatever happens to the hosts: one host exports, two import. Each of
 * these has a copy of every signal, and both share the signals once more. In the other direction,
 * one of them exports, in messages of a few signals, and the first host imports them as permits of
 * a semaphore. At random moments, bridges, the server and daemons are killed, daemons restart, and
 * links of the network are cut. A program on each host holds its eventfds, so their counts outlive
 * the daemon.
 *
 * <p>At the end, the stream has all signals that were written, each copy has all signals of the
 * stream, and the shares have them together. There is one exception. A daemon that is killed loses
 * its keys, so that a call which is under way then is in doubt. Signals may be missing from the
 * stream only if the bridge has reported a read as in doubt, and not more than were under way when
 * a daemon was killed. Signals may be counted twice only if the bridge has reported their write as
 * in doubt.
 *
 * <p>{@code -Dbridge.accidents=100 -Dbridge.seed=7 -Dbridge.runs=20} makes it longer and another.
 * With {@code -Dbridge.networks=true}, each host has a network namespace, and its link can be cut.
 */
class BridgeConservationIT {
    private static final int ACCIDENTS = Integer.getInteger("bridge.accidents", 4);
    private static final long SEED = Long.getLong("bridge.seed", 1);
    private static final long RUNS = Long.getLong("bridge.runs", 1);
    private static final boolean NETWORKS = Boolean.getBoolean("bridge.networks");

    private static final EventfdSpec COUNTER = EventfdSpec.counter();

    private static final String OF_SOURCE =
            """
            - export: {name: a, subject: s, create: counter}
            - import: {name: back, subject: t, mode: copy, create: semaphore}
            """;
    private static final String IMPORTS =
            """
            - import: {name: copy, subject: s, mode: copy, create: counter}
            - import: {name: share, subject: s, mode: share, create: counter}
            """;
    private static final String BACK =
            "- export: {name: back, subject: t, create: counter, max: 10}\n";

    static LongStream seeds() {
        return LongStream.range(SEED, SEED + RUNS);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void whatIsWrittenIsCountedOnceWhateverHappens(long seed) throws Exception {
        try (var nats = NatsServer.startAt(NETWORKS ? "0.0.0.0" : "127.0.0.1");
                var source =
                        Host.start(
                                "source",
                                1,
                                NETWORKS,
                                nats,
                                OF_SOURCE,
                                Map.of("a", COUNTER, "back", EventfdSpec.semaphoreOf(0)));
                var left =
                        Host.start(
                                "left",
                                2,
                                NETWORKS,
                                nats,
                                IMPORTS + BACK,
                                Map.of("copy", COUNTER, "share", COUNTER, "back", COUNTER));
                var right =
                        Host.start(
                                "right",
                                3,
                                NETWORKS,
                                nats,
                                IMPORTS,
                                Map.of("copy", COUNTER, "share", COUNTER))) {
            var run = new Run(new Random(seed), nats, source, left, right);
            try {
                run.hosts().forEach(Host::awaitLinks);
                run.settle();
                Hosts.haveMessagesOfTheDeadGoToOthersSoon(nats, "share");
                for (int i = 0; i < ACCIDENTS; i++) {
                    run.writeForAWhile();
                    run.happen();
                }
                run.settle();
                // What would be counted twice comes before this, or is claimed before.
                for (var host : run.hosts()) {
                    host.bridge().kill();
                    host.bridge().restart();
                }
                run.settle();
                run.check();
            } catch (AssertionError e) {
                throw new AssertionError(run + "\n" + run.logs() + run.daemonLogs(), e);
            }
            System.out.println("bridge, seed " + seed + ": " + run);
        }
    }

    /** The load and the accidents of one seed. */
    private static final class Run {
        private static final long LONGEST_WHILE = TimeUnit.MILLISECONDS.toNanos(600);
        private static final long LONGEST_CUT = TimeUnit.SECONDS.toNanos(4);

        private final Random random;
        private final NatsServer nats;
        private final Host source;
        private final Host left;
        private final Host right;
        private final Flow there;
        private final Flow back;
        private int daemonsKilled;

        Run(Random random, NatsServer nats, Host source, Host left, Host right) {
            this.random = random;
            this.nats = nats;
            this.source = source;
            this.left = left;
            this.right = right;
            this.there = new Flow(nats, source, "a", "s.source", 1_000_000);
            this.back = new Flow(nats, left, "back", "t.left", 10_000);
        }

        List<Host> hosts() {
            return List.of(source, left, right);
        }

        void writeForAWhile() {
            writeFor(random.nextLong(LONGEST_WHILE));
        }

        private void writeFor(long nanos) {
            long next = System.nanoTime() + nanos;
            do {
                there.write(1 + random.nextInt(9));
                back.write(1);
                LockSupport.parkNanos(random.nextInt(2_000_000));
            } while (System.nanoTime() < next);
        }

        void happen() throws Exception {
            var host = hosts().get(random.nextInt(3));
            switch (random.nextInt(10)) {
                case 0, 1 -> {
                    nats.kill();
                    nats.restart();
                }
                case 2 -> host.restartDaemon();
                case 3, 4, 5 -> killDaemon(host);
                case 6, 7 -> {
                    host.cut();
                    writeFor(random.nextLong(LONGEST_CUT));
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

        private void killDaemon(Host host) throws Exception {
            host.killDaemon();
            daemonsKilled++;
            if (host.equals(source)) {
                there.daemonWasKilled();
            } else if (host.equals(left)) {
                back.daemonWasKilled();
            }
            host.reviveDaemon();
        }

        /** Waits until all that was written is published, applied and marked. */
        void settle() {
            there.settle();
            back.settle();
            source.awaitMarked(nats, "t", "left", "back");
            for (var host : List.of(left, right)) {
                host.awaitMarked(nats, "s", "source", "copy");
            }
            until(() -> claims() == there.messages());
            for (var host : List.of(left, right)) {
                host.awaitClaimsMarked(nats, "share");
            }
        }

        /** How many messages the hosts have claimed. */
        private long claims() {
            return nats.streams(streams ->
                    streams.getStreamInfo("EVENTFDD_CLAIMS").getStreamState().getMsgCount());
        }

        /** After {@link #settle}: everything was counted once, but for what is in doubt. */
        void check() {
            there.check();
            back.check();
            check(there, "copy", left);
            check(there, "copy", right);
            check(there, "share", left, right);
            check(back, "back", source);
            assertThat(logs()).doesNotContain("ERROR");
        }

        private void check(Flow flow, String eventfd, Host... hosts) {
            long twice = counted(eventfd, hosts) - flow.published();
            long most = 0;
            for (var host : hosts) {
                most += host.doubtfulWrites(eventfd);
            }
            assertThat(twice).as("counted twice in %s", eventfd).isBetween(0L, most);
        }

        private static long counted(String eventfd, Host... hosts) {
            long all = 0;
            for (var host : hosts) {
                all += host.heldCount(eventfd);
            }
            return all;
        }

        String logs() {
            return source.bridge().log() + left.bridge().log() + right.bridge().log();
        }

        String daemonLogs() {
            return source.daemon().log() + left.daemon().log() + right.daemon().log();
        }

        @Override
        public String toString() {
            return ("%s; %s; daemons killed: %d; copies: %d (in doubt %d) and %d (in doubt %d),"
                            + " shares: %d (in doubt %d and %d), back: %d (in doubt %d)")
                    .formatted(
                            there,
                            back,
                            daemonsKilled,
                            counted("copy", left),
                            left.doubtfulWrites("copy"),
                            counted("copy", right),
                            right.doubtfulWrites("copy"),
                            counted("share", left, right),
                            left.doubtfulWrites("share"),
                            right.doubtfulWrites("share"),
                            counted("back", source),
                            source.doubtfulWrites("back"));
        }
    }
}
