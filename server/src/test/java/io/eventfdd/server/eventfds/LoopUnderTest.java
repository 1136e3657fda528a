package io.eventfdd.server.eventfds;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.testing.TestLimits;

import sun.nio.ch.SelChImpl;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A real loop with real eventfds and callers at the other end of real sockets. */
public final class LoopUnderTest implements AutoCloseable {
    static final Duration NOT_AT_ALL = Duration.ZERO;
    static final Duration LONG = Duration.ofSeconds(20);

    final EventLoop loop;
    final Eventfds eventfds;
    private final AtomicLong ahead = new AtomicLong();
    private volatile long pace;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Closeable> toClose = new ArrayList<>();
    private final List<Caller> looking = new ArrayList<>(1);
    private final ServerSocketChannel server;
    private final Path address;

    LoopUnderTest() throws IOException {
        this(TestLimits.of(15_000, 20_000));
    }

    LoopUnderTest(Limits limits) throws IOException {
        loop = new EventLoop(() -> System.nanoTime() + ahead.addAndGet(pace));
        eventfds = new Eventfds(loop, limits, 0, Clock.systemUTC(), Ledger.NONE);
        loop.start(eventfds::loopFailed);
        address = Files.createTempDirectory("efd").resolve("s");
        server =
                ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                        .bind(UnixDomainSocketAddress.of(address));
    }

    /** A client: what the daemon knows of it, and its own end of the socket. */
    record Client(Caller caller, SocketChannel end) {}

    Client client() {
        return client(new PeerCredentials(1, 0, 0, List.of()));
    }

    synchronized Client client(PeerCredentials credentials) {
        try {
            var end = SocketChannel.open(UnixDomainSocketAddress.of(address));
            var accepted = server.accept();
            toClose.add(end);
            toClose.add(accepted);
            return new Client(
                    new Caller(Fd.borrow(((SelChImpl) accepted).getFDVal()), credentials), end);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A process of its own, which has connected. */
    final class Holder implements AutoCloseable {
        private final Process process;
        private final Client client;

        private Holder() throws IOException {
            process =
                    new ProcessBuilder(
                                    "python3",
                                    "-c",
                                    "import socket, sys\n"
                                            + "s = socket.socket(socket.AF_UNIX)\n"
                                            + "s.connect(sys.argv[1])\n"
                                            + "sys.stdin.read()",
                                    address.toString())
                            .start();
            var accepted = server.accept();
            toClose.add(accepted);
            int fd = ((SelChImpl) accepted).getFDVal();
            client = new Client(new Caller(Fd.borrow(fd), PeerCredentials.of(fd)), accepted);
        }

        Client client() {
            return client;
        }

        void kill() {
            process.destroyForcibly();
        }

        @Override
        public void close() throws IOException {
            process.destroyForcibly();
            process.getOutputStream().close();
        }
    }

    Holder process() throws IOException {
        return new Holder();
    }

    Identity identity(String name, EventfdSpec spec) {
        return new Identity(name(name), spec, new Owner(0, 0), Instant.EPOCH);
    }

    /** One client for all who look, however often. */
    synchronized Caller looking() {
        if (looking.isEmpty()) {
            looking.add(client().caller());
        }
        return looking.getFirst();
    }

    static EventfdName name(String name) {
        return new EventfdName(name);
    }

    /** Has the clock of the loop go forward by {@code time}, at once. */
    void pass(Duration time) {
        ahead.addAndGet(time.toNanos());
        loop.submit(() -> {}); // so that it looks at its clock
    }

    /**
     * Has the time of each turn be over as soon as the loop looks at its clock, so that from now on
     * a turn does one step of its work, one task and one deadline.
     */
    void oneStepATurn() {
        pace = Duration.ofMillis(1).toNanos();
    }

    EventfdName counter(String name) {
        return make(name, EventfdSpec.counter());
    }

    EventfdName semaphore(String name, long initial) {
        return make(name, EventfdSpec.semaphoreOf(initial));
    }

    EventfdName make(String name, EventfdSpec spec) {
        assertThat(eventfds.create(name(name), spec, client().caller()).result())
                .isEqualTo(Creation.Result.CREATED);
        return name(name);
    }

    long count(EventfdName name) {
        return eventfds.state(name, looking()).count();
    }

    boolean write(EventfdName name, long value) {
        return eventfds.write(name, value, NOT_AT_ALL, client().caller());
    }

    /** The value, or 0 where there is none. */
    long read(EventfdName name) {
        return eventfds.read(name, new ReadRequest(NOT_AT_ALL), client().caller())
                .map(Reading::value)
                .orElse(0L);
    }

    /** Starts a call and returns once {@code name} has {@code waiters}. */
    <T> CompletableFuture<T> waiting(EventfdName name, int waiters, Callable<T> call) {
        var future = inBackground(call);
        var looking = client().caller();
        until(() -> eventfds.state(name, looking).waiters() == waiters);
        return future;
    }

    /** Starts a read of {@code name}, and returns once that is the last of {@code waiters}. */
    CompletableFuture<Optional<Reading>> reading(EventfdName name, int waiters) {
        var caller = client().caller();
        return waiting(name, waiters, () -> eventfds.read(name, new ReadRequest(LONG), caller));
    }

    /** Starts a wait for {@code name}, and returns once that is the last of {@code waiters}. */
    CompletableFuture<Optional<Reading>> observing(EventfdName name, int waiters) {
        var caller = client().caller();
        return waiting(name, waiters, () -> eventfds.await(name, LONG, caller));
    }

    /** Starts a write to {@code name}, and returns once that is the last of {@code waiters}. */
    CompletableFuture<Boolean> writing(EventfdName name, int waiters, long value) {
        var caller = client().caller();
        return waiting(name, waiters, () -> eventfds.write(name, value, LONG, caller));
    }

    <T> CompletableFuture<T> inBackground(Callable<T> call) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return call.call();
                    } catch (RuntimeException e) {
                        throw e;
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                threads);
    }

    static <T> T result(CompletableFuture<T> future) {
        return future.orTimeout(15, TimeUnit.SECONDS).join();
    }

    static void until(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(15).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            LockSupport.parkNanos(100_000);
        }
    }

    /** How many eventfds, epoll sets and pidfds this process has. */
    static long openFds() throws IOException {
        try (var fds = Files.list(Path.of("/proc/self/fd"))) {
            return fds.filter(LoopUnderTest::isAnonymous).count();
        }
    }

    private static boolean isAnonymous(Path fd) {
        try {
            return Files.readSymbolicLink(fd).toString().startsWith("anon_inode:");
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        eventfds.endWaits(End.SHUT_DOWN);
        threads.close();
        loop.close();
        for (var each : toClose) {
            each.close();
        }
        server.close();
        Files.deleteIfExists(address);
        Files.deleteIfExists(address.getParent());
    }
}
