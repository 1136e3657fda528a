package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Real sockets, and clients that are other processes with other users and groups. */
class PeerCredentialsTest {
    private static final int BOUND = 20_000;
    private static final Path PYTHON = Path.of("/usr/bin/python3");

    /** Becomes another user, connects, and stays until its standard input ends. */
    private static final String CLIENT =
            """
            import os, socket, sys
            path, uid, gid, first, count = sys.argv[1], *map(int, sys.argv[2:])
            os.setgroups(range(first, first + count))
            os.setgid(gid)
            os.setuid(uid)
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.connect(path)
            sys.stdin.read()
            """;

    @TempDir private Path directory;
    private Path path;
    private SeqPacketSocket listener;

    @BeforeEach
    void listen() throws IOException {
        path = directory.resolve("s");
        listener = SeqPacketSocket.listen(path, 0600, 1);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    @AfterEach
    void close() {
        listener.close();
    }

    @Test
    void thePeerIsThisProcess() throws IOException {
        try (var client = SeqPacketSocket.connect(path, Duration.ofSeconds(10));
                var server = listener.accept().orElseThrow()) {
            var peer = PeerCredentials.of(server.fd().number());
            assertThat(peer.pid()).isEqualTo((int) ProcessHandle.current().pid());
            assertThat(List.of(peer.uid())).isEqualTo(status("Uid").subList(1, 2));
            assertThat(List.of(peer.gid())).isEqualTo(status("Gid").subList(1, 2));
            assertThat(peer.groups()).containsExactlyInAnyOrderElementsOf(status("Groups"));
            assertThat(PeerCredentials.of(client.fd().number()).pid()).isEqualTo(peer.pid());
        }
    }

    /** The numbers of one line of this process's status. */
    private static List<Integer> status(String field) throws IOException {
        for (var line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith(field + ":")) {
                return Arrays.stream(line.substring(field.length() + 1).strip().split("\\s+"))
                        .filter(number -> !number.isEmpty())
                        .map(Integer::parseUnsignedInt)
                        .collect(Collectors.toList());
            }
        }
        return List.of();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 64, 65, 1000})
    void aPeerHasAUserAGroupAndAnyNumberOfSupplementaryGroups(int groups) throws Exception {
        assumeTrue(OpenFiles.effectiveUser() == 0, "only root can be other users");
        assumeTrue(Files.isExecutable(PYTHON), "no " + PYTHON);
        var client = connect(12_345, 54_321, 100_000, groups);
        try (var server = accept()) {
            var peer = PeerCredentials.of(server.fd().number());
            assertThat(peer.pid()).isEqualTo((int) client.pid());
            assertThat(peer.uid()).isEqualTo(12_345);
            assertThat(peer.gid()).isEqualTo(54_321);
            assertThat(peer.groups())
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(100_000, 100_000 + groups)
                                    .boxed()
                                    .collect(Collectors.toList()));
            assertThat(peer.isIn(54_321)).isTrue();
            assertThat(peer.isIn(100_000 + groups - 1)).isEqualTo(groups > 0);
            assertThat(peer.isIn(100_000 + groups)).isFalse();
            assertThat(peer.isIn(12_345)).as("the number of its user").isFalse();
        } finally {
            client.destroy();
        }
    }

    @Test
    void theHighestUserIsUnsigned() throws Exception {
        assumeTrue(OpenFiles.effectiveUser() == 0, "only root can be other users");
        assumeTrue(Files.isExecutable(PYTHON), "no " + PYTHON);
        var client = connect(4_294_967_294L, 4_294_967_294L, 0, 0);
        try (var server = accept()) {
            var peer = PeerCredentials.of(server.fd().number());
            assertThat(Integer.toUnsignedString(peer.uid())).isEqualTo("4294967294");
            assertThat(Integer.toUnsignedString(peer.gid())).isEqualTo("4294967294");
        } finally {
            client.destroy();
        }
    }

    private Process connect(long uid, long gid, int firstGroup, int groups) throws IOException {
        return new ProcessBuilder(
                        PYTHON.toString(),
                        "-c",
                        CLIENT,
                        path.toString(),
                        Long.toString(uid),
                        Long.toString(gid),
                        Integer.toString(firstGroup),
                        Integer.toString(groups))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private SeqPacketSocket accept() throws ErrnoException {
        var readiness = new Readiness();
        readiness.begin(1);
        readiness.ask(listener.fd());
        assertThat(readiness.await(BOUND)).as("a client came").isEqualTo(1);
        return listener.accept().orElseThrow();
    }

    @Test
    void whatIsNoSocketHasNoPeer() throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, true)) {
            int number = eventFd.fd().number();
            assertThatThrownBy(() -> PeerCredentials.of(number))
                    .hasMessageStartingWith(
                            "getsockopt(fd=" + number + ", SO_PEERCRED): ENOTSOCK (");
        }
    }
}
