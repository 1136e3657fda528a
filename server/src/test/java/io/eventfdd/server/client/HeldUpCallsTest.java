package io.eventfdd.server.client;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;
import io.eventfdd.server.testing.CuttingProxy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What becomes of the calls that come while the daemon does not answer others: they leave together
 * once it does, and their threads can give up before.
 */
@Timeout(300)
class HeldUpCallsTest {
    /** So many calls leave alone, as {@link Eventfd} says. */
    private static final int ALONE = 4;

    private static final int MORE = 20;
    private static final Duration LONG = Duration.ofMinutes(1);

    @TempDir private Path directory;

    private final List<Caller<?>> callers = new ArrayList<>();
    private DaemonUnderTest daemon;
    private CuttingProxy proxy;
    private EventfddClient client;
    private Eventfd counter;

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
        proxy = new CuttingProxy(directory.resolve("api.sock"), daemon.api());
        client =
                EventfddClient.builder()
                        .runtimeDirectory(directory)
                        .transport(Transport.HTTP)
                        .timeout(LONG)
                        .connect();
        counter = client.open("c", EventfdSpec.counter());
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        proxy.close();
        daemon.close();
    }

    /** A call on a thread of its own. */
    private record Caller<R>(FutureTask<R> task, Thread thread) {
        static <R> Caller<R> start(Callable<R> call) {
            var task = new FutureTask<>(call);
            return new Caller<>(task, Thread.ofPlatform().daemon().start(task));
        }

        R result() throws Exception {
            return task.get(LONG.toSeconds(), TimeUnit.SECONDS);
        }

        /** Whether its request waits for a call of another thread. */
        boolean isQueued() {
            var blocker = LockSupport.getBlocker(thread);
            return blocker != null && blocker.getClass().getSimpleName().equals("Gathering");
        }
    }

    /** Makes as many calls as leave alone, which the daemon does not answer yet. */
    private <R> void holdUp(Callable<R> call) {
        proxy.hold(ALONE);
        for (int i = 0; i < ALONE; i++) {
            callers.add(Caller.start(call));
        }
        until(() -> proxy.held() == ALONE);
    }

    private void holdUpWrites() {
        holdUp(() -> counter.tryWrite(1));
    }

    private <R> Caller<R> queue(Callable<R> call) {
        var caller = Caller.start(call);
        until(caller::isQueued);
        return caller;
    }

    private void answer() throws Exception {
        proxy.releaseHeld();
        for (var caller : callers) {
            caller.result();
        }
    }

    // They leave together

    @Test
    void writesOfAllHandlesLeaveInOneCall() throws Exception {
        var handles =
                List.of(
                        counter,
                        client.open("c", EventfdSpec.counter()),
                        client.open("d", EventfdSpec.counter()),
                        client.open("d", EventfdSpec.counter()));
        holdUpWrites();
        for (int i = 0; i < MORE; i++) {
            var handle = handles.get(i % handles.size());
            callers.add(
                    queue(() -> {
                        handle.write(1);
                        return true;
                    }));
        }
        assertThat(proxy.posts()).isEqualTo(ALONE);
        answer();
        assertThat(proxy.posts()).isEqualTo(ALONE + 1);
        assertThat(client.state("c").count()).isEqualTo(ALONE + MORE / 2);
        assertThat(client.state("d").count()).isEqualTo(MORE / 2);
    }

    @Test
    void writesThatMayWaitForRoomLeaveInThatCallToo() throws Exception {
        holdUpWrites();
        for (int i = 0; i < MORE; i++) {
            callers.add(queue(() -> counter.write(1, LONG)));
        }
        answer();
        assertThat(proxy.posts()).isEqualTo(ALONE + 1);
        assertThat(counter.count()).isEqualTo(ALONE + MORE);
    }

    @Test
    void readsOfASemaphoreByAllHandlesLeaveInOneCall() throws Exception {
        var first = client.openSemaphore("s", ALONE + MORE - 1);
        var second = client.openSemaphore("s", 0);
        holdUp(first::tryAcquire);
        List<Caller<Boolean>> readers = new ArrayList<>();
        for (int i = 0; i < MORE; i++) {
            readers.add(queue((i % 2 == 0 ? first : second)::tryAcquire));
        }
        answer();
        int acquired = 0;
        for (var reader : readers) {
            acquired += reader.result() ? 1 : 0;
        }
        assertThat(acquired).isEqualTo(MORE - 1);
        assertThat(proxy.posts()).isEqualTo(ALONE + 1);
        assertThat(first.availablePermits()).isZero();
    }

    @Test
    void aNameThatIsCreatedAnewMeanwhileIsTheOneThatIsRead() throws Exception {
        var former = client.openSemaphore("s", ALONE);
        holdUp(former::tryAcquire);
        var before = queue(former::tryAcquire);
        client.delete("s");
        var next = client.openSemaphore("s", 2);
        var after = queue(next::tryAcquire);
        answer();
        assertThat(before.result()).isTrue();
        assertThat(after.result()).isTrue();
        assertThat(next.availablePermits()).isZero();
    }

    // Their threads give up

    @Test
    void anInterruptEndsAWriteThatHasNotLeft() throws Exception {
        holdUpWrites();
        var write = queue(() -> counter.write(100, LONG));
        write.thread().interrupt();
        assertThatThrownBy(write::result).hasCauseInstanceOf(InterruptedException.class);
        answer();
        assertThat(counter.count()).isEqualTo(ALONE);
    }

    @Test
    void aWriteWaitsForOthersNoLongerThanItsTimeout() throws Exception {
        holdUpWrites();
        var write = Caller.start(() -> counter.write(100, Duration.ofMillis(1)));
        assertThat(write.result()).as("there is room, though the others have no answer").isTrue();
        answer();
        assertThat(counter.count()).isEqualTo(ALONE + 100);
    }

    @Test
    void aWriteWithoutATimeoutDoesNotWaitForOthers() throws Exception {
        holdUpWrites();
        assertThat(counter.write(100, Duration.ZERO)).isTrue();
        answer();
        assertThat(counter.count()).isEqualTo(ALONE + 100);
    }

    @Test
    void theCloseOfItsHandleEndsAWriteThatHasNotLeft() throws Exception {
        holdUpWrites();
        var handle = client.open("c", EventfdSpec.counter());
        var write = queue(() -> handle.write(100, LONG));
        handle.close();
        assertThatThrownBy(write::result).hasCauseInstanceOf(ClosedEventfdException.class);
        answer();
        assertThat(counter.count()).isEqualTo(ALONE);
    }

    @Test
    void theCloseOfTheClientEndsWritesThatHaveNotLeft() throws Exception {
        holdUpWrites();
        var timed = queue(() -> counter.write(100, LONG));
        var untimed = queue(() -> counter.tryWrite(100));
        client.close();
        assertThatThrownBy(timed::result).hasCauseInstanceOf(ClosedEventfdException.class);
        assertThatThrownBy(untimed::result).hasCauseInstanceOf(ClosedEventfdException.class);
        answer();
        assertThat(Set.copyOf(proxy.keys())).as("the others were never sent").hasSize(ALONE);
        assertThat(daemon.count("c")).isEqualTo(Integer.toString(ALONE));
    }
}
