package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The sockets of the packaged daemon as clients and the kernel's tables show them. */
@Timeout(120)
class SocketsIT {
    private DaemonProcess daemon;

    @BeforeEach
    void start() throws IOException {
        daemon = DaemonProcess.start();
    }

    @AfterEach
    void stop() throws IOException {
        daemon.close();
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
                    .containsExactlyInAnyOrder("api.sock", "fd.sock", "lock", "table");
        }
        for (var name : List.of("api.sock", "fd.sock")) {
            assertThat(Files.readAttributes(daemon.directory().resolve(name), "unix:mode,gid"))
                    .containsEntry("mode", 0140660)
                    .containsEntry("gid", Files.getAttribute(daemon.directory(), "unix:gid"));
        }
    }

    @Test
    void clientsFindTheDaemonAtTheAddressTheyAskedFor() throws Exception {
        assertThatItIsFoundAtItsSockets();
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
    void afterATakeOverClientsFindTheDaemonThatServes() throws Exception {
        daemon.takeOver();
        assertThatItIsFoundAtItsSockets();
        daemon.takeOver();
        assertThatItIsFoundAtItsSockets();
    }
}
