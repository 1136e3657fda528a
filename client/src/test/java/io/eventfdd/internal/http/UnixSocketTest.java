package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eventfdd.internal.LostInterrupt;
import io.eventfdd.internal.http.HeldCalls.Caller;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

@Timeout(300)
class UnixSocketTest {
    private static final Duration LONG = Duration.ofHours(1);

    @TempDir private Path directory;

    private final List<UnixSocket> waiting = new ArrayList<>();

    /** How often an attempt to connect has asked whether it is still wanted. */
    private final AtomicInteger asked = new AtomicInteger();

    private volatile boolean unwanted;
    private Path path;
    private ServerSocketChannel listener;

    @BeforeEach
    void listen() throws IOException {
        path = directory.resolve("s");
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(path), 1);
    }

    @AfterEach
    void close() throws IOException {
        for (var socket : waiting) {
            socket.close();
        }
        listener.close();
    }

    @Test
    @EnabledForJreRange(max = JRE.JAVA_20)
    void anInterruptThatJavaLosesEndsAWait() throws Exception {
        try (var socket = connect(LONG)) {
            socket.begin(System.nanoTime() + LONG.toNanos(), true);
            LostInterrupt.ends(
                    () -> socket.getInputStream().read(), "wait", ClosedByInterruptException.class);
        }
    }

    // A daemon that hangs, and accepts no connection

    private UnixSocket connect(Duration patience) throws IOException {
        return UnixSocket.connect(
                path,
                patience,
                () -> {
                    asked.incrementAndGet();
                    return unwanted;
                });
    }

    private void fillTheBacklog() throws IOException {
        while (true) {
            try {
                waiting.add(connect(Duration.ZERO));
            } catch (SocketTimeoutException e) {
                return;
            }
        }
    }

    private Caller<UnixSocket> connecting() throws IOException {
        fillTheBacklog();
        int before = asked.get();
        var caller = new Caller<>(() -> connect(LONG));
        HeldCalls.until(() -> asked.get() > before);
        return caller;
    }

    private static void assertEnds(Caller<UnixSocket> connecting, Class<? extends Exception> with) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(connecting::result)
                .withCauseInstanceOf(with);
    }

    @Test
    void aFullBacklogIsWaitedForNoLongerThanTheDaemonMayTake() throws Exception {
        fillTheBacklog();
        assertThatExceptionOfType(SocketTimeoutException.class)
                .isThrownBy(() -> connect(Duration.ofMillis(20)))
                .withCauseInstanceOf(SocketException.class);
    }

    @Test
    void onceThereIsRoomInTheBacklogItIsConnected() throws Exception {
        var connecting = connecting();
        listener.accept().close();
        try (var socket = connecting.result()) {
            assertThat(socket.isConnected()).isTrue();
        }
    }

    @Test
    void anInterruptEndsTheWaitForRoomInTheBacklog() throws Exception {
        var connecting = connecting();
        connecting.thread().interrupt();
        assertEnds(connecting, ClosedByInterruptException.class);
    }

    @Test
    void nobodyWaitsForRoomForAConnectionThatIsNotWantedAnyMore() throws Exception {
        var connecting = connecting();
        unwanted = true;
        assertEnds(connecting, AsynchronousCloseException.class);
    }

    @Test
    void aSocketThatIsMissingIsNoFullBacklog() throws Exception {
        listener.close();
        assertThatExceptionOfType(SocketException.class).isThrownBy(() -> connect(LONG));
        assertThat(path.toFile().delete()).isTrue();
        assertThatExceptionOfType(SocketException.class).isThrownBy(() -> connect(LONG));
        assertThat(asked).hasValue(0);
    }
}
