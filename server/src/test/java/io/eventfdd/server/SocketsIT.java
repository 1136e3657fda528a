package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** The sockets of the packaged daemon as clients and the kernel's tables show them. */
@Timeout(300)
class SocketsIT {
    private DaemonProcess daemon;
    private ServerSocketChannel other;

    @BeforeEach
    void start() throws IOException {
        daemon = DaemonProcess.start();
    }

    @AfterEach
    void stop() throws IOException {
        daemon.close();
        if (other != null) {
            other.close();
        }
    }

    /** The address and the process that a client finds at each socket. */
    private List<String> listeners() throws Exception {
        var script = Path.of(SocketsIT.class.getResource("/who_listens.py").toURI());
        return daemon.run("python3", script.toString(), daemon.directory().toString())
                .lines()
                .toList();
    }

    private List<String> daemonAtItsSockets() {
        return List.of("api.sock", "fd.sock").stream()
                .map(name -> daemon.directory().resolve(name) + " " + daemon.process().pid())
                .toList();
    }

    /** The paths of all sockets of the machine that are below the runtime directory. */
    private List<String> socketTable() throws IOException {
        return Files.readAllLines(Path.of("/proc/net/unix")).stream()
                .filter(line -> line.contains(daemon.directory().toString()))
                .map(line -> line.substring(line.indexOf('/')))
                .distinct()
                .sorted()
                .toList();
    }

    private void assertThatItIsFoundAtItsSockets() throws Exception {
        assertThat(listeners()).isEqualTo(daemonAtItsSockets());
        assertThat(socketTable())
                .containsExactly(
                        daemon.directory().resolve("api.sock").toString(),
                        daemon.directory().resolve("fd.sock").toString());
        try (var files = Files.list(daemon.directory())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "api.sock", "fd.sock", "lock", "table", "table.next");
        }
        for (var name : List.of("api.sock", "fd.sock")) {
            assertThat(Files.readAttributes(daemon.directory().resolve(name), "unix:mode,gid"))
                    .containsEntry("mode", 0140660)
                    .containsEntry("gid", Files.getAttribute(daemon.directory(), "unix:gid"));
        }
    }

    @Test
    void theNextDaemonOfADirectoryThatAKilledOneLeftIsFoundToo() throws Exception {
        daemon.signal("KILL");
        daemon.exitStatus();
        assertThat(daemon.api()).as("a stale socket").exists();
        daemon.restart();
        assertThatItIsFoundAtItsSockets();
    }

    @Test
    void clientsFindTheDaemonAtTheAddressTheyAskedForAndTheNextOneAfterATakeOver()
            throws Exception {
        assertThatItIsFoundAtItsSockets();
        daemon.takeOver();
        assertThatItIsFoundAtItsSockets();
        daemon.takeOver();
        assertThatItIsFoundAtItsSockets();
    }

    @Test
    void aDaemonThatIsKilledAfterASweepHasLeftItsNames() throws Exception {
        daemon.request().put("/v1/eventfds/orders").then().statusCode(201);
        for (var name : List.of("lock", "table", "api.sock", "fd.sock")) {
            Files.delete(daemon.directory().resolve(name));
            until(() -> daemon.log().contains(name + " was removed; created it again"));
        }
        assertThatItIsFoundAtItsSockets();
        daemon.signal("KILL");
        daemon.exitStatus();
        daemon.restart();
        daemon.request().get("/v1/eventfds/orders").then().statusCode(200);
    }

    @Test
    void aTakeOverThatCannotAskSaysWhy() throws Exception {
        replace("fd.sock");
        until(() -> daemon.log().contains("clients cannot reach the daemon"));
        var heir = Ran.of(daemon.beginRefusedTakeover(List.of()));
        assertThat(heir.status()).as(heir.output()).isEqualTo(1);
        assertThat(heir.output())
                .contains("another eventfdd has the runtime directory")
                .contains("no daemon can be reached at " + daemon.directory() + "/fd.sock");
        assertThat(daemon.process().isAlive()).isTrue();
    }

    /** Somebody else listens there now. */
    private void replace(String name) throws IOException {
        var path = daemon.directory().resolve("other");
        other = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        other.bind(UnixDomainSocketAddress.of(path));
        Files.move(path, daemon.directory().resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void aDirectoryThatAnotherDaemonHasTakenIsLeftToIt() throws Exception {
        try (var client = daemon.connect();
                var lock = FileChannel.open(daemon.directory().resolve("other"), CREATE, WRITE)) {
            assertThat(lock.tryLock()).isNotNull();
            Files.move(
                    daemon.directory().resolve("other"),
                    daemon.directory().resolve("lock"),
                    StandardCopyOption.ATOMIC_MOVE);
            until(() -> daemon.log().contains("another eventfdd has the runtime directory"));
            assertThat(client.call("GET", "/health", "").answer().status()).isEqualTo(503);
            Files.writeString(daemon.directory().resolve("table"), "another daemon's");
            daemon.signal("TERM");
            assertThat(daemon.exitStatus()).isZero();
            assertThat(daemon.directory().resolve("table")).hasContent("another daemon's");
        }
    }
}
