package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Threads that are really stuck in write(2), and get out of it. */
@Timeout(300)
class WriteWatchTest {
    private static final long MAX = -2L;
    private static final String THREAD = "eventfdd-write-watch";

    private final WriteWatch watch = new WriteWatch();
    private EventFd full;

    @BeforeEach
    void fill() throws ErrnoException {
        full = EventFd.create(0, false, false);
        full.write(MAX);
    }

    @AfterEach
    void close() {
        watch.close();
        full.close();
        Bounded.until(() -> watchThread() == null);
    }

    private boolean write(EventFd eventFd, long value) throws ErrnoException {
        return watch.write(eventFd, value);
    }

    @Test
    void aWriteThatBlocksIsInterruptedAndAddsNothing() throws ErrnoException {
        for (int i = 0; i < 20; i++) {
            assertThat(Bounded.call(() -> write(full, 1))).isFalse();
        }
        assertThat(full.read()).isEqualTo(MAX);
        assertThat(full.count()).isZero();
    }

    @Test
    void aValueThatIsTooLargeForTheRoomIsInterruptedWhileOthersAreWritten() throws Exception {
        try (var roomy = EventFd.create(1, false, false)) {
            var blocked = Bounded.start(() -> write(roomy, MAX));
            long written = 0;
            while (!blocked.isDone()) {
                assertThat(Bounded.call(() -> write(roomy, 1))).isTrue();
                written++;
            }
            assertThat(Bounded.result(blocked)).isFalse();
            assertThat(roomy.count()).isEqualTo(1 + written);
        }
    }

    @Test
    void moreThreadsThanItHasSlotsGetOut() throws ErrnoException {
        List<CompletableFuture<Boolean>> blocked = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            blocked.add(Bounded.start(() -> write(full, 1)));
        }
        assertThat(blocked).allSatisfy(write -> assertThat(Bounded.result(write)).isFalse());
        assertThat(full.count()).isEqualTo(MAX);
    }

    @Test
    void aWriteThatBlocksWhileItSleepsWakesIt() throws ErrnoException {
        try (var roomy = EventFd.create(0, false, false)) {
            for (int i = 0; i < 5; i++) {
                assertThat(write(roomy, 1)).isTrue();
                Bounded.until(WriteWatchTest::isWatchAsleep);
                assertThat(Bounded.call(() -> write(full, 1))).isFalse();
            }
        }
    }

    /** It sleeps without a time limit. */
    private static boolean isWatchAsleep() {
        var thread = watchThread();
        return thread != null && thread.getState() == Thread.State.WAITING;
    }

    private static Thread watchThread() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(THREAD))
                .findAny()
                .orElse(null);
    }

    @Test
    void aWriteThatBlocksAfterTheCloseGetsOutToo() throws ErrnoException {
        watch.close();
        for (int i = 0; i < 3; i++) {
            assertThat(Bounded.call(() -> write(full, 1))).isFalse();
            Bounded.until(() -> watchThread() == null);
        }
    }

    @Test
    void writesThatHaveRoomAreNotHarmed() throws ErrnoException {
        int threads = 8;
        int writes = 50_000;
        try (var roomy = EventFd.create(0, false, false)) {
            List<CompletableFuture<Integer>> writers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                writers.add(
                        Bounded.start(() -> {
                            int written = 0;
                            for (int j = 0; j < writes; j++) {
                                written += write(roomy, 1) ? 1 : 0;
                            }
                            return written;
                        }));
            }
            // Others are interrupted meanwhile.
            assertThat(Bounded.call(() -> write(full, 1))).isFalse();
            assertThat(writers)
                    .allSatisfy(writer -> assertThat(Bounded.result(writer)).isEqualTo(writes));
            assertThat(roomy.count()).isEqualTo((long) threads * writes);
        }
    }

    @Test
    void onlyWritesOfItsOwnAreInterrupted() throws ErrnoException {
        try (var empty = EventFd.create(0, false, false);
                var other = EventFd.create(0, false, false)) {
            other.write(MAX);
            var reads = Bounded.start(empty::read);
            var writes = Bounded.start(() -> other.write(1));
            for (int i = 0; i < 5; i++) {
                assertThat(Bounded.call(() -> write(full, 1))).isFalse();
            }
            assertThat(reads).isNotDone();
            assertThat(writes).isNotDone();
            empty.write(3);
            assertThat(Bounded.result(reads)).isEqualTo(3);
            assertThat(other.readNow(new ReadBuffer())).isEqualTo(MAX);
            assertThat(Bounded.result(writes)).isTrue();
        }
    }
}
