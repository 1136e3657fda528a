package io.eventfdd.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.internal.http.CallHandle;
import io.eventfdd.internal.raw.RawHandles;
import io.eventfdd.internal.raw.ThreadKind;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads that close a watch at the same moment: its client hears of it once. {@code
 * -Deventfdd.test.closes=2000} makes it longer.
 */
@Timeout(300)
class CloseOnceTest {
    private static final int ROUNDS = Integer.getInteger("eventfdd.test.closes", 300);
    private static final int CLOSERS = 2;
    private static final String BEGINNING =
            """
            HTTP/1.1 200 OK\r
            Content-Type: text/event-stream\r
            Transfer-Encoding: chunked\r
            \r
            """;

    @TempDir private Path directory;
    private Path socket;
    private ServerSocketChannel daemon;

    @BeforeEach
    void listen() throws IOException {
        socket = directory.resolve("s");
        daemon =
                ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                        .bind(UnixDomainSocketAddress.of(socket));
    }

    @AfterEach
    void close() throws IOException {
        daemon.close();
    }

    @Test
    void aWatchThatSeveralThreadsCloseTellsItsClientOnce() throws Exception {
        var barrier = new CyclicBarrier(CLOSERS + 1);
        List<ThreadKind.Running<Void>> closers = new ArrayList<>();
        var told = new AtomicInteger();
        var here = new AtomicInteger();
        var watches = new EventfdWatch[ROUNDS];
        for (int i = 0; i < CLOSERS; i++) {
            closers.add(
                    ThreadKind.PLATFORM.call(() -> {
                        for (int round = 0; round < ROUNDS; round++) {
                            barrier.await(60, TimeUnit.SECONDS);
                            // A barrier wakes its threads one after the other.
                            here.incrementAndGet();
                            while (here.get() < CLOSERS * (round + 1)) {
                                Thread.onSpinWait();
                            }
                            watches[round].close();
                            barrier.await(60, TimeUnit.SECONDS);
                        }
                        return null;
                    }));
        }
        for (int round = 0; round < ROUNDS; round++) {
            watches[round] = begin(told);
            barrier.await(60, TimeUnit.SECONDS);
            barrier.await(60, TimeUnit.SECONDS);
            assertThat(told).as("in round " + round).hasValue(round + 1);
        }
        for (var closer : closers) {
            RawHandles.result(closer);
        }
    }

    private EventfdWatch begin(AtomicInteger told) throws Exception {
        var begun =
                ThreadKind.PLATFORM.call(() ->
                        EventfdWatch.begin(
                                socket,
                                new EventfdName("n"),
                                Duration.ofSeconds(30),
                                new CallHandle(),
                                closed -> told.incrementAndGet()));
        var connection = daemon.accept();
        connection.write(ByteBuffer.wrap(BEGINNING.getBytes(StandardCharsets.US_ASCII)));
        try (connection) {
            return RawHandles.result(begun);
        }
    }
}
