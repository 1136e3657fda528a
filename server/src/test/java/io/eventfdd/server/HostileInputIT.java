package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.HostileHttp;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Under hostile input the daemon neither dies, nor keeps a descriptor, nor grows, and serves honest
 * clients in between. It has little memory here, and ends where that is not enough.
 *
 * <p>{@code -Dhostile.seconds=600 -Dhostile.seed=7} makes it longer and another.
 */
@Timeout(value = 1, unit = TimeUnit.HOURS)
class HostileInputIT {
    private static final long SECONDS = Long.getLong("hostile.seconds", 3);
    private static final long SEED = Long.getLong("hostile.seed", 1);
    private static final long MAY_GROW_KB = 64 * 1024;
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 ([0-9]{3}) ");

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final List<AutoCloseable> held = new ArrayList<>();
    private DaemonProcess daemon;
    private RawClient honest;
    private SeqPacketSocket honestRaw;
    private long fdsBefore;

    @BeforeEach
    void start() throws Exception {
        daemon =
                DaemonProcess.startUnder(
                        List.of("env", "EVENTFDD_JAVA_OPTS=-Xmx64m"),
                        "--delivery-timeout=1s",
                        "--key-life=1s",
                        "--max-wait=1s");
        honest = daemon.connect();
        honestRaw = SeqPacketSocket.connect(daemon.directory().resolve("fd.sock"), BOUND);
        assertThat(honest.call("PUT", "/v1/eventfds/honest", "").answer().status()).isEqualTo(201);
        assertThat(honest.call("PUT", "/v1/eventfds/raw", "").answer().status()).isEqualTo(201);
        anHonestClientIsServed();
        fdsBefore = daemon.openFds();
    }

    @AfterEach
    void stop() throws Exception {
        leave();
        clock.shutdownNow();
        honest.close();
        honestRaw.close();
        daemon.close();
    }

    private void leave() throws Exception {
        for (var one : held) {
            one.close();
        }
        held.clear();
    }

    // Honest clients

    private void anHonestClientIsServed() throws Exception {
        within(() -> {
            var write = honest.call("POST", "/v1/eventfds/honest/write", "{\"value\":3}").answer();
            assertThat(write.status()).as(write.body()).isEqualTo(200);
            var wait = honest.call("GET", "/v1/eventfds/honest/wait", "").answer();
            assertThat(wait.body()).contains("\"count\":3");
            var read = honest.call("POST", "/v1/eventfds/honest/read", "").answer();
            assertThat(read.body()).contains("\"value\":3");
            var buffer = new PacketBuffer(64 * 1024, 1);
            honestRaw.send(buffer, openHonest(), List.<Fd>of(), BOUND);
            if (honestRaw.receive(buffer, BOUND) instanceof Received.Packet packet) {
                packet.closeFds();
                assertThat(packet.fds()).hasSize(1);
                return true;
            }
            return false;
        });
    }

    private static byte[] openHonest() {
        return "{\"op\":\"open\",\"eventfds\":[{\"name\":\"honest\"}]}"
                .getBytes(StandardCharsets.US_ASCII);
    }

    private void within(Callable<Boolean> call) throws Exception {
        var connection = honest.channel();
        var late = clock.schedule(() -> close(connection), BOUND.toSeconds(), TimeUnit.SECONDS);
        assertThat(call.call()).isTrue();
        assertThat(late.cancel(false)).as("in time").isTrue();
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // What must be so afterwards

    private void assertThatNothingIsLeft() throws Exception {
        leave();
        until(() -> metric("eventfdd_waiters") == 0);
        until(() -> metric("eventfdd_connections") == 1);
        until(() -> metric("eventfdd_fd_connections") == 1);
        deleteAllButTheHonest();
        until(() -> openFds() <= fdsBefore);
        assertThat(daemon.process().isAlive()).as(daemon.log()).isTrue();
        anHonestClientIsServed();
        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).as(daemon.log()).isZero();
        assertThat(daemon.log()).doesNotContain("ERROR").doesNotContain("Exception");
    }

    private void deleteAllButTheHonest() throws IOException {
        var list = honest.call("GET", "/v1/eventfds", "").answer().body();
        var names = Pattern.compile("\"name\":\"([^\"]+)\"").matcher(list);
        while (names.find()) {
            if (!List.of("honest", "raw").contains(names.group(1))) {
                honest.call("DELETE", "/v1/eventfds/" + names.group(1), "").answer();
            }
        }
    }

    private long openFds() {
        try {
            return daemon.openFds();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private int metric(String name) {
        try {
            return honest.call("GET", "/metrics", "")
                    .answer()
                    .body()
                    .lines()
                    .filter(line -> line.startsWith(name + " "))
                    .mapToInt(line -> (int) Double.parseDouble(line.substring(name.length() + 1)))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private long residentKb() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/" + daemon.process().pid() + "/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElseThrow();
        }
    }

    // HTTP

    @Test
    void theKernelLetsNobodySendDescriptorsToTheHttpSocketWhereThatIsWanted() throws Exception {
        assumeTrue(kernelCanRefuseDescriptors(), "before Linux 6.16 they are dropped on receipt");
        try (var strict = DaemonProcess.start("--api-descriptors=refuse")) {
            assertThat(sendsDescriptorTo(strict).strip()).isEqualTo("refused");
            strict.request().get("/v1").then().statusCode(200);
        }
        assertThat(sendsDescriptorTo(daemon).strip()).isEqualTo("sent");
        anHonestClientIsServed();
    }

    private static String sendsDescriptorTo(DaemonProcess daemon) throws IOException {
        return daemon.run(
                "python3",
                "-c",
                """
                import socket, sys
                client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                client.connect(sys.argv[1])
                try:
                    socket.send_fds(client, [b"GET /v1 HTTP/1.1\\r\\n"], [0])
                    print("sent")
                except PermissionError:
                    print("refused")
                """,
                daemon.api().toString());
    }

    private static boolean kernelCanRefuseDescriptors() {
        var version = System.getProperty("os.version").split("[.-]", 3);
        int major = Integer.parseInt(version[0]);
        return major > 6 || (major == 6 && Integer.parseInt(version[1]) >= 16);
    }

    @Test
    void requestsThatNoHonestClientSends() throws Exception {
        var hostile = new HostileHttp(SEED);
        int warm = send(hostile, SECONDS / 3.0);
        long before = residentKb();
        int sent = warm + send(hostile, (double) SECONDS);
        long after = residentKb();
        System.out.printf(
                "hostile requests, seed %d: %d; VmRSS %d kB, then %d kB%n",
                SEED, sent, before, after);
        assertThat(after - before).isLessThan(MAY_GROW_KB);
        assertThatNothingIsLeft();
    }

    private int send(HostileHttp hostile, double seconds) throws Exception {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        int sent = 0;
        while (System.nanoTime() < end) {
            for (int i = 0; i < 100; i++, sent++) {
                send(hostile);
            }
            anHonestClientIsServed();
        }
        return sent;
    }

    private void send(HostileHttp hostile) throws IOException {
        var request = hostile.next();
        try (var client = daemon.connect()) {
            client.send(request);
            if (hostile.chance(0.2)) {
                return; // whatever the answer is
            }
            if (hostile.chance(0.97)) {
                client.channel().shutdownOutput();
            }
            check(request, answers(client));
        }
    }

    /** All that comes until the end, or for a moment where there is none, as of a wait. */
    private String answers(RawClient client) {
        var answers = new ByteArrayOutputStream();
        ScheduledFuture<?> leaving =
                clock.schedule(() -> close(client.channel()), 50, TimeUnit.MILLISECONDS);
        try {
            var buffer = ByteBuffer.allocate(8192);
            while (client.channel().read(buffer.clear()) >= 0) {
                answers.write(buffer.array(), 0, buffer.position());
            }
        } catch (IOException e) {
            // it left, or the daemon did not take all
        } finally {
            leaving.cancel(false);
        }
        return answers.toString(StandardCharsets.UTF_8);
    }

    private static void check(byte[] request, String answers) {
        var what = new String(request, 0, Math.min(request.length, 2000), StandardCharsets.UTF_8);
        if (!answers.isEmpty()) {
            assertThat(answers).as(what).startsWith("HTTP/1.1 ");
        }
        var status = STATUS.matcher(answers);
        while (status.find()) {
            assertThat(status.group(1)).as(what + "\n\n" + answers).isNotEqualTo("500");
        }
        if (answers.startsWith("HTTP/1.1 4") && answers.endsWith("}")) {
            assertThat(answers).as(what).contains("urn:eventfdd:problem:");
        }
    }

    // fd.sock

    @Test
    void packetsAndDescriptorsThatNobodyAskedFor() throws Exception {
        frames(SECONDS / 3.0, SEED + 1);
        long before = residentKb();
        frames((double) SECONDS, SEED);
        long after = residentKb();
        System.out.printf("hostile frames: VmRSS %d kB, then %d kB%n", before, after);
        assertThat(after - before).isLessThan(MAY_GROW_KB);
        assertThatNothingIsLeft();
    }

    private void frames(double seconds, long seed) throws Exception {
        var script = Path.of(HostileInputIT.class.getResource("/hostile_frames.py").toURI());
        var frames =
                daemon.begin(
                        "python3",
                        script.toString(),
                        daemon.directory().toString(),
                        Long.toString(seed),
                        Double.toString(seconds));
        try {
            while (frames.isAlive()) {
                anHonestClientIsServed();
            }
            var said = new String(frames.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(frames.exitValue()).as(said).isZero();
            System.out.print(said);
        } finally {
            frames.destroyForcibly();
        }
    }

    @Test
    void aClientIsGoneThoughItsOwnSocketIsInAPacketThatIsNotRead() throws Exception {
        daemon.run(
                "python3",
                "-c",
                """
                import socket, sys
                for _ in range(100):
                    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                    s.connect(sys.argv[1] + "/fd.sock")
                    s.send(b'{"op":"open","eventfds":[{"name":"raw"}]}')  # nobody takes the reply
                    socket.send_fds(s, [b"{}"], [s.fileno()])
                    s.close()
                """,
                daemon.directory().toString());
        assertThatNothingIsLeft();
    }

    // The slow

    @Test
    void theSlowHoldUpNoOne() throws Exception {
        for (int i = 0; i < 300; i++) {
            assertThat(honest.call("PUT", "/v1/eventfds/many-" + i, "").answer().status())
                    .isEqualTo(201);
        }
        var halves =
                List.of(
                        "G",
                        "GET /v1 HTTP/1.1\r\nHost: x\r\nX-Slow: ",
                        "POST /v1/eventfds/raw/write HTTP/1.1\r\n"
                                + "Host: x\r\n"
                                + "Content-Length: 9\r\n\r\n"
                                + "{",
                        "PUT /v1/eventfds/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
                        // asks for much, and reads nothing of it
                        "GET /v1/eventfds HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20),
                        "GET /v1/eventfds/honest/watch HTTP/1.1\r\nHost: x\r\n\r\n");
        for (int i = 0; i < 50; i++) {
            for (var half : halves) {
                var client = daemon.connect();
                held.add(client);
                client.send(half);
            }
            deaf();
        }
        for (int i = 0; i < 100; i++) {
            anHonestClientIsServed();
        }
        assertThatNothingIsLeft();
    }

    /** One of fd.sock that asks and asks, and takes nothing. */
    private void deaf() throws IOException {
        var socket = SeqPacketSocket.connect(daemon.directory().resolve("fd.sock"), BOUND);
        held.add(socket);
        var buffer = new PacketBuffer(64 * 1024, 1);
        for (int i = 0; i < 5; i++) {
            socket.send(buffer, openHonest(), List.<Fd>of());
        }
    }
}
