package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * Leased permits come back once and wills are written once, whatever dies and when. Workers take
 * leases over HTTP and on {@code fd.sock}, for processes, connections and times. They release and
 * commit some of them, close connections, and are killed at random. Meanwhile the daemon is taken
 * over, stopped, or killed.
 *
 * <p>Two things must hold:
 *
 * <ul>
 *   <li><b>At every moment</b>, for each semaphore, count + leased + committed = initial. The test
 *       looks at the count and at what is leased again and again. The workers say which commits are
 *       under way.
 *   <li><b>When nothing is under way</b> (before a daemon is killed, and at the end), the leases,
 *       the counts and what is leased are exactly those that follow from the journal. Each lease
 *       has a will of its own, an eventfd, which is at 1 if the lease has lapsed, and otherwise at
 *       0.
 * </ul>
 *
 * <p>It is always known what became of a lease. A worker takes an answer off its socket and writes
 * the line in the journal in one step. It is not killed during such a step, or while it ends a
 * lease. An answer that it did not take grants nothing. No lease is ended while a daemon stops. A
 * daemon is killed only while no lease begins or ends, because in between it has windows that
 * {@code server/ARCHITECTURE.md} describes; {@code LeasesUnderWayIT} kills one then. Workers are
 * killed at any other moment: before, while there is no daemon, and while the next one starts.
 *
 * <p>{@code -Dconservation.seconds=10 -Dconservation.seed=7 -Dconservation.runs=200} makes it
 * longer, and changes the seeds.
 */
class LeaseConservationIT {
    private static final double SECONDS =
            Double.parseDouble(System.getProperty("conservation.seconds", "1"));
    private static final long SEED = Long.getLong("conservation.seed", 1);
    private static final long RUNS = Long.getLong("conservation.runs", 2);

    static LongStream seeds() {
        return LongStream.range(SEED, SEED + RUNS);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void permitsComeBackOnceAndWillsAreWrittenOnceWhateverDies(long seed) throws Exception {
        try (var daemon = DaemonProcess.start("--reclaim-time=1m", "--max-eventfds=10000")) {
            var journal = daemon.file("journal");
            try (var load = new Load(daemon, journal, seed)) {
                for (var word = load.hear(); !word.equals("over"); word = load.hear()) {
                    change(daemon, word);
                    load.tell("done");
                }
                System.out.println("leases, seed " + seed + ": " + load.hear());
            }
            try (var lines = Files.lines(journal)) {
                assertThat(lines.filter(line -> line.startsWith("wrong")))
                        .as("seed %d, %s", seed, daemon.log())
                        .isEmpty();
            }
            assertThat(daemon.log()).doesNotContain("ERROR").doesNotContain("bug");
        }
    }

    private static void change(DaemonProcess daemon, String how) throws Exception {
        switch (how) {
            case "takeover" -> daemon.takeOver();
            case "restart" -> {
                daemon.signal("TERM");
                assertThat(daemon.exitStatus()).as(daemon.log()).isZero();
                daemon.restart();
            }
            case "kill" -> {
                daemon.signal("KILL");
                daemon.exitStatus();
            }
            case "start" -> daemon.restart();
            default -> throw new AssertionError(how);
        }
    }

    /** The program lease_conservation.py, which starts the workers. */
    private static final class Load implements AutoCloseable {
        private final Process process;
        private final BufferedReader said;
        private final PrintStream ear;

        Load(DaemonProcess daemon, Path journal, long seed) throws Exception {
            var script =
                    Path.of(
                            LeaseConservationIT.class
                                    .getResource("/lease_conservation.py")
                                    .toURI());
            process =
                    new ProcessBuilder(
                                    "python3",
                                    script.toString(),
                                    daemon.directory().toString(),
                                    journal.toString(),
                                    Long.toString(seed),
                                    Double.toString(SECONDS))
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            said = process.inputReader();
            ear = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        }

        String hear() throws IOException {
            var word = said.readLine();
            assertThat(word).as("the load says something").isNotNull();
            return word;
        }

        void tell(String command) {
            ear.println(command);
        }

        @Override
        public void close() {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
