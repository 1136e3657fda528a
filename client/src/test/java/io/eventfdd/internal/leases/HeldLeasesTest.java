package io.eventfdd.internal.leases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfdLease;
import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.LongestWait;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseShare;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** What the owner of a lease is told while the daemon does not answer. */
@Timeout(300)
class HeldLeasesTest {
    private static final Duration LONG = GrantingDaemon.LONG;
    private static final LeaseShare PERMIT = new LeaseShare(new EventfdName("s"), 1);
    private static final LeaseWish FOR_A_SECOND = wish(new LeaseHolder.For(Duration.ofSeconds(1)));
    private static final LeaseWish OF_PROCESS = wish(new LeaseHolder.OfProcess());

    private final Daemon daemon = new Daemon();
    private final HeldLeases leases =
            new HeldLeases(daemon, new LongestWait(() -> LONG), Duration.ZERO, Runnable::run);

    private static LeaseWish wish(LeaseHolder holder) {
        return new LeaseWish(List.of(PERMIT), List.of(), Optional.of(holder));
    }

    @AfterEach
    void close() {
        daemon.connecting.countDown();
        daemon.mayConnect.countDown();
        leases.close();
    }

    private EventfdLease take(LeaseWish wish) throws InterruptedException {
        return leases.take(wish, Deadline.NEVER, new Stop()).orElseThrow();
    }

    private static void untilLapsed(EventfdLease lease) throws Exception {
        lease.lapsed().get(LONG.toSeconds(), TimeUnit.SECONDS);
        assertThat(lease.isHeld()).isFalse();
    }

    @Test
    void aLeaseForATimeThatNobodyRenewsLapses() throws Exception {
        untilLapsed(take(FOR_A_SECOND));
    }

    @Test
    void aLeaseForATimeThatCouldNotBeClosedLapses() throws Exception {
        var lease = take(FOR_A_SECOND);
        assertThatThrownBy(lease::close).isInstanceOf(DaemonUnavailableException.class);
        untilLapsed(lease);
    }

    /** The client did not wait for the daemon, which was asked already. */
    @ParameterizedTest
    @EnumSource
    void aLeaseWhoseEndFailsAfterThatOfTheClientHasLapsed(End end) throws Exception {
        var lease = take(OF_PROCESS);
        var ending =
                new FutureTask<>(() -> {
                    end.of(lease);
                    return null;
                });
        daemon.answers = new CountDownLatch(1);
        new Thread(ending).start();
        daemon.asked.await();
        leases.close();
        assertThat(lease.lapsed()).isNotDone();
        daemon.answers.countDown();
        assertThatThrownBy(() -> ending.get(LONG.toSeconds(), TimeUnit.SECONDS))
                .hasCauseInstanceOf(DaemonUnavailableException.class);
        untilLapsed(lease);
    }

    enum End {
        CLOSE,
        COMMIT;

        void of(EventfdLease lease) {
            if (this == CLOSE) {
                lease.close();
            } else {
                lease.commit();
            }
        }
    }

    /** As when its backlog is full: to connect takes as long as a client may wait. */
    @Test
    void aDaemonThatLetsNobodyConnectDelaysNoLapse() throws Exception {
        take(OF_PROCESS);
        daemon.accepts = false;
        var waiting =
                new FutureTask<>(() -> {
                    daemon.endsFor = Thread.currentThread();
                    return take(OF_PROCESS);
                });
        var thread = new Thread(waiting);
        thread.start();
        daemon.connecting.await();
        untilLapsed(take(FOR_A_SECOND));
        assertThat(waiting.isDone()).isFalse();
        daemon.mayConnect.countDown();
        waiting.get(LONG.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void anErrorWhileALeaseIsTakenIsTheFutures() {
        daemon.failure = new OutOfMemoryError("direct buffer memory");
        var future = leases.takeLater(FOR_A_SECOND, new Stop());
        assertThatThrownBy(() -> future.get(LONG.toSeconds(), TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCause(daemon.failure);
    }

    /** It grants every lease, and answers nothing else. */
    private static final class Daemon extends GrantingDaemon {
        private volatile boolean accepts = true;

        /** The thread that finds the connections ended. */
        private volatile Thread endsFor;

        private volatile Error failure;

        /** Counted down once the end of a lease is asked for. */
        private final CountDownLatch asked = new CountDownLatch(1);

        /** For this it waits before it fails. */
        private volatile CountDownLatch answers = new CountDownLatch(0);

        private final CountDownLatch connecting = new CountDownLatch(1);
        private final CountDownLatch mayConnect = new CountDownLatch(1);

        private static DaemonUnavailableException away() {
            return new DaemonUnavailableException("no daemon answers", null);
        }

        @Override
        public Optional<Granted> take(LeaseRequest request, Stop stop) {
            if (failure != null) {
                throw failure;
            }
            return super.take(request, stop);
        }

        @Override
        public void release(String id, Duration outage) {
            throw late();
        }

        @Override
        public boolean commit(String id) {
            throw late();
        }

        private DaemonUnavailableException late() {
            asked.countDown();
            try {
                answers.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return away();
        }

        @Override
        public boolean renew(String id, Duration longest) {
            throw away();
        }

        @Override
        public Optional<Connection> resume(String id) {
            throw away();
        }

        @Override
        public Connection connect() {
            if (!accepts) {
                connecting.countDown();
                try {
                    mayConnect.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            return new Connection() {
                @Override
                public boolean hasEnded() {
                    return Thread.currentThread().equals(endsFor);
                }

                @Override
                public void close() {}
            };
        }
    }
}
