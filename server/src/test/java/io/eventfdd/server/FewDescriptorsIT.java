package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * With few descriptors the daemon refuses with {@code limit}, serves what is there, and is whole
 * again when clients leave.
 */
@Timeout(300)
class FewDescriptorsIT {
    private static final int FEW = 512;
    private static final int CROWD = 80;
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final String LIMIT = "urn:eventfdd:problem:limit";

    private final PacketBuffer buffer = new PacketBuffer(64 * 1024, 253);
    private final List<AutoCloseable> held = new ArrayList<>();
    private DaemonProcess daemon;
    private RawClient first;
    private RawClient waiting;
    private SeqPacketSocket firstRaw;
    private long before;

    @BeforeEach
    void start() throws IOException {
        // Those who are told have their place until their time is up, or they leave.
        daemon =
                DaemonProcess.startUnder(
                        List.of("prlimit", "--nofile=" + FEW + ":" + FEW), "--delivery-timeout=1s");
        first = daemon.connect();
        waiting = daemon.connect();
        firstRaw = connectRaw();
        assertThat(call(first, "PUT", "/v1/eventfds/a").status()).isEqualTo(201);
        assertThat(open(firstRaw, "a")).contains("\"eventfds\"");
        before = daemon.openFds();
    }

    @AfterEach
    void stop() throws Exception {
        leave();
        first.close();
        waiting.close();
        firstRaw.close();
        daemon.close();
    }

    private void leave() throws Exception {
        for (var one : held) {
            one.close();
        }
        held.clear();
    }

    private static RawClient.Answer call(RawClient client, String method, String path)
            throws IOException {
        return client.call(method, path, "").answer();
    }

    private SeqPacketSocket connectRaw() throws IOException {
        return SeqPacketSocket.connect(daemon.directory().resolve("fd.sock"), BOUND);
    }

    /** The reply to a request for {@code name}; its descriptors are closed. */
    private String open(SeqPacketSocket socket, String name) throws IOException {
        var request = "{\"op\":\"open\",\"eventfds\":[{\"name\":\"" + name + "\"}]}";
        socket.send(buffer, request.getBytes(StandardCharsets.UTF_8), List.<Fd>of(), BOUND);
        return reply(socket);
    }

    private String reply(SeqPacketSocket socket) throws IOException {
        var received = socket.receive(buffer, BOUND);
        if (received instanceof Received.Packet packet) {
            packet.closeFds();
            return new String(packet.bytes(), StandardCharsets.UTF_8);
        }
        return received.toString();
    }

    private RawClient.Answer newClient() throws IOException {
        var client = daemon.connect();
        held.add(client);
        return call(client, "GET", "/v1/eventfds/a");
    }

    private String newRawClient() throws IOException {
        var socket = connectRaw();
        held.add(socket);
        return open(socket, "a");
    }

    /** All that was there works as ever, on the connections that were there. */
    private void assertThatWhatIsThereGoesOn() throws IOException {
        waiting.call("GET", "/v1/eventfds/a/wait?timeout=5m", "");
        until(() -> state().contains("\"waiters\":1"));
        assertThat(call(first, "POST", "/v1/eventfds/a/write").status()).isEqualTo(200);
        assertThat(waiting.answer().body()).contains("\"count\":1");
        assertThat(state()).contains("\"count\":1");
        assertThat(call(first, "GET", "/v1/eventfds/a/wait").status()).isEqualTo(200);
        assertThat(call(first, "POST", "/v1/eventfds/a/read").status()).isEqualTo(200);
        assertThat(call(first, "PUT", "/v1/eventfds/a").status()).isEqualTo(200);
        assertThat(call(first, "GET", "/health/ready").status()).isEqualTo(200);
        assertThat(open(firstRaw, "a")).contains("\"eventfds\"");
    }

    private String state() {
        try {
            var answer = call(first, "GET", "/v1/eventfds/a");
            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
            return answer.body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertThatItIsWholeAgain() {
        until(() -> openFds() <= before);
        until(() -> isServed());
    }

    private boolean isServed() {
        try (var client = daemon.connect();
                var raw = connectRaw()) {
            return call(client, "GET", "/v1/eventfds/a").status() == 200
                    && open(raw, "a").contains("\"eventfds\"");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private long openFds() {
        try {
            return daemon.openFds();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Creates eventfds until one is refused; how many there are. */
    private int fill() throws IOException {
        for (int made = 0; ; made++) {
            var answer = call(first, "PUT", "/v1/eventfds/e" + made);
            if (answer.status() != 201) {
                assertThat(answer.status()).isEqualTo(429);
                assertThat(answer.body()).contains(LIMIT).contains("EMFILE");
                return made;
            }
        }
    }

    /** Everybody is served or told, and some are told. */
    private static void assertThatSomeAreTold(List<String> answers) {
        assertThat(answers)
                .allMatch(answer -> answer.contains("\"semaphore\"") || answer.contains(LIMIT))
                .anyMatch(answer -> answer.contains(LIMIT));
    }

    private void crowd() throws IOException {
        var raw = new ArrayList<String>();
        for (int i = 0; i < CROWD; i++) {
            raw.add(newRawClient());
        }
        assertThatSomeAreTold(raw);
        assertThatWhatIsThereGoesOn();
        var http = new ArrayList<String>();
        for (int i = 0; i < CROWD; i++) {
            http.add(newClient().body());
        }
        assertThatSomeAreTold(http);
        assertThatWhatIsThereGoesOn();
    }

    @Test
    void whatDoesNotFitIsRefusedWhatIsThereGoesOnAndAllIsWellWhenClientsLeave() throws Exception {
        int made = fill();
        assertThat(made).isGreaterThan(20);
        assertThatWhatIsThereGoesOn();
        crowd();
        leave();
        for (int i = 0; i < made; i++) {
            assertThat(call(first, "DELETE", "/v1/eventfds/e" + i).status()).isEqualTo(204);
        }
        assertThatItIsWholeAgain();
        assertThat(fill()).isEqualTo(made);
        end();
    }

    @Test
    void theSameWhereTheLimitIsLoweredUnderItUntilNoDescriptorIsLeft() throws Exception {
        limit(highestFd() + 1);
        int made = fill(); // the gaps below
        assertThatWhatIsThereGoesOn();
        crowd();
        leave();
        for (int i = 0; i < made; i++) {
            assertThat(call(first, "DELETE", "/v1/eventfds/e" + i).status()).isEqualTo(204);
        }
        limit(FEW);
        assertThatItIsWholeAgain();
        end();
    }

    private void limit(int files) throws IOException {
        daemon.run("prlimit", "--pid=" + daemon.process().pid(), "--nofile=" + files + ":" + FEW);
    }

    private int highestFd() throws IOException {
        try (var fds = Files.list(Path.of("/proc/" + daemon.process().pid() + "/fd"))) {
            return fds.mapToInt(fd -> Integer.parseInt(fd.getFileName().toString()))
                    .max()
                    .orElseThrow();
        }
    }

    private void end() throws Exception {
        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).as(daemon.log()).isZero();
        assertThat(daemon.log()).doesNotContain("Exception");
    }
}
