package io.eventfdd.internal.leases;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.LongestWait;
import io.eventfdd.internal.linux.ThreadLimit;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseShare;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Leases in a process that could start no thread for some time. */
@Timeout(300)
class FewThreadsTest {
    /** A third of it is the time until the first renewal. */
    private static final Duration TERM = Duration.ofSeconds(6);

    private static final Duration LONG = GrantingDaemon.LONG;

    @TempDir private Path directory;

    /** Takes a lease, has no thread when one is needed for it, and prints what becomes of it. */
    static final class Program {
        public static void main(String[] arguments) throws Exception {
            var daemon = new Daemon();
            boolean isRenewed = arguments[0].equals("renewed");
            try (var leases = daemon.leases()) {
                long before = System.nanoTime();
                var lease =
                        leases.take(wish(holder(arguments[0])), Deadline.NEVER, new Stop())
                                .orElseThrow();
                var limit = new ThreadLimit();
                try {
                    if (isRenewed) {
                        until(() -> System.nanoTime() - before > TERM.toNanos() / 3);
                    } else {
                        daemon.ended = true;
                        until(() -> daemon.isEndSeen);
                    }
                    until(Program::isTimerAtRest);
                    daemon.renewals = 0;
                } finally {
                    limit.close();
                }
                until(() -> daemon.renewals > 0 || !lease.isHeld());
                System.out.println(lease.isHeld() ? "it is held" : "it has lapsed");
            }
        }

        private static boolean isTimerAtRest() {
            return Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("eventfdd-client-leases"))
                    .noneMatch(thread -> thread.getState() == Thread.State.RUNNABLE);
        }
    }

    /** Takes two leases, the first one without a thread for it, and prints what becomes of them. */
    static final class Taking {
        public static void main(String[] arguments) throws Exception {
            var daemon = new Daemon();
            var holder = holder(arguments[0]);
            try (var leases = daemon.leases()) {
                var limit = new ThreadLimit();
                try {
                    leases.take(wish(holder), Deadline.NEVER, new Stop());
                } catch (OutOfMemoryError e) {
                    System.out.println(daemon.releases + " released");
                } finally {
                    limit.close();
                }
                var lease = leases.take(wish(holder), Deadline.NEVER, new Stop()).orElseThrow();
                daemon.ended = true;
                until(() -> daemon.renewals > 0);
                System.out.println(lease.isHeld() ? "it is held" : "it has lapsed");
            }
        }
    }

    private static LeaseHolder holder(String what) {
        return what.equals("renewed") ? new LeaseHolder.For(TERM) : new LeaseHolder.OfProcess();
    }

    private static LeaseWish wish(LeaseHolder holder) {
        var share = new LeaseShare(new EventfdName("s"), 1);
        return new LeaseWish(List.of(share), List.of(), Optional.of(holder));
    }

    private static void until(BooleanSupplier condition) {
        long end = System.nanoTime() + LONG.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not in time");
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** It grants and renews every lease. */
    private static final class Daemon extends GrantingDaemon {
        private volatile boolean ended;
        private volatile boolean isEndSeen;
        private volatile int renewals;
        private volatile int releases;

        HeldLeases leases() {
            return new HeldLeases(this, new LongestWait(() -> LONG), Duration.ZERO, Runnable::run);
        }

        @Override
        public void release(String id, Duration outage) {
            releases = 1;
        }

        @Override
        public boolean commit(String id) {
            return true;
        }

        @Override
        public boolean renew(String id, Duration longest) {
            renewals = 1;
            return true;
        }

        @Override
        public Optional<Connection> resume(String id) {
            return Optional.empty();
        }

        @Override
        public Connection connect() {
            return new Connection() {
                @Override
                public boolean hasEnded() {
                    return ended;
                }

                @Override
                public void close() {
                    isEndSeen = true;
                    ended = false;
                }
            };
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"renewed", "resumed"})
    void onceThereAreThreadsAgainALeaseIs(String what) throws Exception {
        assertThat(ThreadLimit.linesOf(Program.class, directory, what)).contains("it is held");
    }

    @ParameterizedTest
    @ValueSource(strings = {"renewed", "resumed"})
    void aLeaseThatNoThreadCanKeepGoesBackAndTheNextIs(String what) throws Exception {
        assertThat(ThreadLimit.linesOf(Taking.class, directory, what))
                .containsSubsequence("1 released", "it is held");
    }
}
