package io.eventfdd.server.client;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.Count;
import io.eventfdd.client.DaemonFaultException;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdGoneException;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfdWatch;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.client.ShuttingDownException;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** The counts of an eventfd as they change, and each way in which that ends. */
class WatchTest {
    private static final Duration LONG = Duration.ofSeconds(15);

    private DaemonUnderTest daemon;
    private EventfddClient client;
    private Eventfd orders;

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
        client = daemon.client(Transport.HTTP);
        orders = client.open("orders", EventfdSpec.counter());
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        daemon.close();
    }

    private static FutureTask<Throwable> waitingFor(EventfdWatch watch) {
        var waiting =
                new FutureTask<Throwable>(() -> {
                    try {
                        throw new AssertionError("a count: " + watch.next());
                    } catch (InterruptedException | RuntimeException e) {
                        return e;
                    }
                });
        new Thread(waiting).start();
        return waiting;
    }

    @Test
    void theCountOfNowComesFirstAndThenEachThatIsWaitedFor() throws Exception {
        orders.write(2);
        try (var watch = client.watch("orders")) {
            assertThat(watch.name()).isEqualTo("orders");
            assertThat(watch.next()).isEqualTo(2);
            orders.write(5);
            assertThat(after(2, watch)).isEqualTo(7);
            orders.write(Count.MAX - 7);
            assertThat(Count.toString(watch.next())).isEqualTo("18446744073709551614");
            assertThat(orders.tryRead()).as("nothing was taken").hasValue(Count.MAX);
        }
    }

    /** What comes after {@code first}, which may be told twice where it is the count of now. */
    private static long after(long first, EventfdWatch watch) throws InterruptedException {
        long next = watch.next();
        return next == first ? watch.next() : next;
    }

    @Test
    void whereNothingIsWrittenThereIsNoneInTheTimeGivenAndTheWatchGoesOn() throws Exception {
        try (var watch = client.watch("orders")) {
            assertThat(watch.next(LONG)).hasValue(0);
            assertThat(watch.next(Duration.ofMillis(20))).isEmpty();
            assertThat(watch.next(Duration.ZERO)).isEmpty();
            orders.write(1);
            assertThat(watch.next(LONG)).hasValue(1);
        }
    }

    @Test
    void anInterruptEndsTheWaitAndNotTheWatch() throws Exception {
        try (var watch = client.watch("orders")) {
            assertThat(watch.next()).isZero();
            Thread.currentThread().interrupt();
            assertThatThrownBy(watch::next).isInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isFalse();
            orders.write(4);
            assertThat(watch.next()).isEqualTo(4);
        }
    }

    @Test
    void itEndsWithTheEventfdForGood() throws Exception {
        try (var watch = client.watch("orders")) {
            assertThat(watch.next()).isZero();
            client.delete("orders");
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(watch::next)
                        .isInstanceOf(EventfdGoneException.class)
                        .hasMessageContaining("orders");
            }
        }
    }

    @Test
    void itEndsWithTheDaemon() throws Exception {
        var other = new DaemonUnderTest(Map.of());
        try (var its = EventfddClient.connect(other.directory())) {
            its.open("jobs", EventfdSpec.counter()).close();
            var watch = its.watch("jobs");
            assertThat(watch.next()).isZero();
            var waiting = waitingFor(watch);
            other.close();
            assertThat(waiting.get(15, TimeUnit.SECONDS)).isInstanceOf(ShuttingDownException.class);
        }
    }

    @Test
    void aCloseEndsTheOneWhoWaits() throws Exception {
        var watch = client.watch("orders");
        assertThat(watch.next()).isZero();
        var waiting = waitingFor(watch);
        watch.close();
        watch.close();
        assertThat(waiting.get(15, TimeUnit.SECONDS)).isInstanceOf(ClosedEventfdException.class);
        assertThatThrownBy(watch::next).isInstanceOf(ClosedEventfdException.class);
        until(() -> daemon.waiters("orders") == 0);
    }

    @Test
    void theClientsCloseEndsItToo() throws Exception {
        var watch = client.watch("orders");
        assertThat(watch.next()).isZero();
        var waiting = waitingFor(watch);
        client.close();
        assertThat(waiting.get(15, TimeUnit.SECONDS)).isInstanceOf(ClosedEventfdException.class);
        assertThatThrownBy(() -> client.watch("orders")).isInstanceOf(ClosedEventfdException.class);
    }

    /** The daemon has the request, and says nothing. */
    @Test
    void theClientsCloseEndsOneThatHasNotBegunYet(@TempDir Path directory) throws Exception {
        var socket = directory.resolve("api.sock");
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket));
            var connecting =
                    new FutureTask<>(
                            EventfddClient.builder()
                                            .runtimeDirectory(directory)
                                            .transport(Transport.HTTP)
                                            .timeout(Duration.ofMinutes(5))
                                    ::connect);
            new Thread(connecting).start();
            try (var accepted = listener.accept()) {
                accepted.read(ByteBuffer.allocate(4096));
                accepted.write(ByteBuffer.wrap(ABOUT.getBytes(StandardCharsets.US_ASCII)));
            }
            var its = connecting.get(15, TimeUnit.SECONDS);
            var watching = new FutureTask<>(() -> its.watch("orders"));
            new Thread(watching).start();
            try (var accepted = listener.accept()) {
                accepted.read(ByteBuffer.allocate(4096));
                its.close();
                assertThatThrownBy(() -> watching.get(15, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(ClosedEventfdException.class);
            }
        }
    }

    @Test
    void whatIsNotThereCannotBeWatched() {
        assertThatThrownBy(() -> client.watch("nothing")).isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> client.watch("../orders"))
                .isInstanceOf(InvalidRequestException.class);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> client.watch("orders")).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    /** A peer that is no daemon of ours. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\n"
                        + "Content-Type: text/event-stream\r\n\r\n"
                        + "event: count\n"
                        + "data: {\"na",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
                "HTTP/1.1 200 OK\r\n\r\nevent: count\ndata: {\"count\":-1}\n\n",
                "HTTP/1.1 200 OK\r\n\r\nevent: end\ndata: whatever\n\n",
                "HTTP/1.1 204 No Content\r\n\r\n",
                "nonsense\r\n\r\n",
                ""
            })
    void nonsenseEndsIt(String answer, @TempDir Path directory) throws Exception {
        var socket = directory.resolve("api.sock");
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket));
            var peer =
                    new FutureTask<Void>(() -> {
                        // the first asks who we are
                        for (var next : new String[] {ABOUT, answer}) {
                            try (var accepted = listener.accept()) {
                                accepted.read(ByteBuffer.allocate(4096));
                                accepted.write(
                                        ByteBuffer.wrap(next.getBytes(StandardCharsets.US_ASCII)));
                            }
                        }
                        return null;
                    });
            new Thread(peer).start();
            try (var its =
                    EventfddClient.builder()
                            .runtimeDirectory(directory)
                            .transport(Transport.HTTP)
                            .connect()) {
                assertThatThrownBy(
                                () -> {
                                    try (var watch = its.watch("orders")) {
                                        watch.next();
                                    }
                                })
                        .isInstanceOfAny(ConnectionLostException.class, DaemonFaultException.class)
                        .message()
                        .isNotBlank();
            }
            peer.get(15, TimeUnit.SECONDS);
        }
    }

    private static final String ABOUT =
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
}
