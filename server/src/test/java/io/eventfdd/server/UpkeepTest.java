package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.server.runtime.HeldByAnotherException;
import io.eventfdd.server.runtime.RuntimeDirectory;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What somebody removes from the runtime directory of a daemon that runs comes again. */
@Timeout(300)
class UpkeepTest {
    private static final List<String> FILES = List.of("api.sock", "fd.sock", "lock", "table");

    private DaemonUnderTest daemon;

    /** Connected before anything is removed. */
    private RawClient established;

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
        established = daemon.connect();
        assertThat(health()).isEqualTo(200);
    }

    @AfterEach
    void stop() throws IOException {
        established.close();
        daemon.close();
    }

    private int health() {
        try {
            return established.call("GET", "/health", "").answer().status();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path file(String name) {
        return daemon.directory().resolve(name);
    }

    private EventfddClient client(Transport transport) {
        return EventfddClient.builder()
                .runtimeDirectory(daemon.directory())
                .transport(transport)
                .connect();
    }

    /** Both sockets lead to the daemon that {@code established} is connected to. */
    private void assertThatClientsFindTheDaemon() throws Exception {
        until(() -> FILES.stream().allMatch(name -> Files.exists(file(name))));
        until(() -> health() == 200);
        try (var http = client(Transport.HTTP);
                var raw = client(Transport.RAW)) {
            raw.open("found", EventfdSpec.counter()).write(1);
            assertThat(http.open("found").read()).isEqualTo(1);
        }
        for (var name : List.of("api.sock", "fd.sock")) {
            assertThat(Files.readAttributes(file(name), "unix:mode,gid"))
                    .containsEntry("mode", 0140660)
                    .containsEntry("gid", Files.getAttribute(daemon.directory(), "unix:gid"));
        }
    }

    @Test
    void socketsThatAreRemovedComeAgainAndConnectionsGoOn() throws Exception {
        try (var raw = client(Transport.RAW)) {
            raw.open("before", EventfdSpec.counter());
            for (int i = 0; i < 3; i++) {
                Files.delete(file("api.sock"));
                Files.delete(file("fd.sock"));
                assertThatClientsFindTheDaemon();
            }
            raw.open("after", EventfdSpec.counter()).write(1);
            assertThat(established.call("GET", "/v1/eventfds/after", "").answer().status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aDirectoryThatIsSweptIsFilledAgain() throws Exception {
        for (var name : FILES) {
            Files.delete(file(name));
        }
        assertThatClientsFindTheDaemon();
        assertThatThrownBy(() ->
                        RuntimeDirectory.open(
                                daemon.directory(),
                                0750,
                                OpenFiles.effectiveUser(),
                                Set.of(),
                                Duration.ZERO))
                .as("the lock is held")
                .isInstanceOf(HeldByAnotherException.class);
    }

    @Test
    void theDirectoryItselfIsMadeAnewAsItWas() throws Exception {
        var before = Files.readAttributes(daemon.directory(), "unix:mode,uid,gid");
        for (var name : FILES) {
            Files.deleteIfExists(file(name));
        }
        Files.move(daemon.directory(), daemon.directory().resolveSibling("away"));
        assertThatClientsFindTheDaemon();
        assertThat(Files.readAttributes(daemon.directory(), "unix:mode,uid,gid")).isEqualTo(before);
    }

    @Test
    void aSocketOfAnotherProcessIsLeftAloneUntilItGoes() throws Exception {
        var address = UnixDomainSocketAddress.of(file("other"));
        try (var other = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address)) {
            Files.move(file("other"), file("api.sock"), StandardCopyOption.ATOMIC_MOVE);
            until(() -> health() == 503);
            daemon.reload(Map.of());
            daemon.connect().close();
            assertThat(other.accept().isOpen()).as("it is the other's still").isTrue();
        }
        Files.delete(file("api.sock"));
        assertThatClientsFindTheDaemon();
    }

    @Test
    void aFileThatIsNoSocketIsLeftAloneUntilItGoes() throws Exception {
        Files.move(
                Files.writeString(file("other"), "precious"),
                file("fd.sock"),
                StandardCopyOption.ATOMIC_MOVE);
        until(() -> health() == 503);
        daemon.reload(Map.of());
        assertThat(file("fd.sock")).hasContent("precious");
        Files.delete(file("fd.sock"));
        assertThatClientsFindTheDaemon();
    }
}
