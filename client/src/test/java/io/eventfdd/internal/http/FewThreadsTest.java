package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.leases.HeldLeases;
import io.eventfdd.internal.linux.ThreadLimit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A process that can start no thread when it needs one. */
@Timeout(300)
class FewThreadsTest {
    private static final Duration LONG = Duration.ofMinutes(2);

    /** After this time, a value that has not come back is lost. */
    private static final Duration GONE = Duration.ofSeconds(20);

    private final AtomicInteger count = new AtomicInteger(7);

    @TempDir private Path directory;

    /** Takes a value for a future that is cancelled just then, and has no thread to put it back. */
    static final class Program {
        public static void main(String[] arguments) throws Exception {
            var deliveries = new LinkedBlockingQueue<Runnable>();
            try (var http = new HttpDaemon(Path.of(arguments[0]), LONG, Duration.ZERO);
                    var leases =
                            new HeldLeases(
                                    http.leases(),
                                    http.longestWait(),
                                    Duration.ZERO,
                                    deliveries::add);
                    var eventfd =
                            new HttpEventfd(
                                    new EventfdName("a"),
                                    false,
                                    http,
                                    deliveries::add,
                                    leases,
                                    closed -> {})) {
                var future = eventfd.readAsync();
                var delivery = deliveries.take();
                future.cancel(true);
                var limit = new ThreadLimit();
                try {
                    delivery.run();
                } finally {
                    limit.close();
                }
                // If there was a thread nevertheless, it goes on meanwhile.
                long end = System.nanoTime() + GONE.toNanos();
                while (eventfd.count() == 0 && System.nanoTime() < end) {
                    LockSupport.parkNanos(1_000_000);
                }
                System.out.println("the count is " + eventfd.count());
            }
        }
    }

    private String answerTo(String request) {
        if (request.startsWith("POST /v1/eventfds/a/write")) {
            count.addAndGet(7);
        } else if (request.startsWith("POST /v1/eventfds/a/read")) {
            count.addAndGet(-7);
        }
        var body = "{\"name\":\"a\",\"value\":7,\"count\":%d}".formatted(count.get());
        return ScriptedDaemon.answer(200, "one", body);
    }

    @Test
    void aValueThatNobodyWantsGoesBackNevertheless() throws Exception {
        var socket = directory.resolve("api.sock");
        var daemon = new ScriptedDaemon(socket, this::answerTo);
        try {
            assertThat(ThreadLimit.linesOf(Program.class, directory, socket.toString()))
                    .contains("the count is 7");
        } finally {
            daemon.close();
        }
    }
}
