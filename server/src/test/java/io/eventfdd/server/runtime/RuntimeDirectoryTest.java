package io.eventfdd.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.server.http.transport.UnixListeners;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

class RuntimeDirectoryTest {
    static {
        UnixListeners.install(); // other tests of this process need it, and it comes before any NIO
    }

    @TempDir private Path parent;

    private Path path;
    private int uid;

    @BeforeEach
    void name() throws IOException {
        path = parent.resolve("run");
        uid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    private static RuntimeDirectory open(Path directory, int uid) throws IOException {
        return RuntimeDirectory.open(directory, 0750, uid, Set.of(), Duration.ZERO);
    }

    private RuntimeDirectory open() throws IOException {
        return open(path, uid);
    }

    @Test
    void itIsMadeForUsAndOurGroup() throws IOException {
        try (var directory = open()) {
            assertThat(Files.getPosixFilePermissions(path))
                    .isEqualTo(PosixFilePermissions.fromString("rwxr-x---"));
            assertThat(directory.path()).isEqualTo(path);
            assertThat(directory.apiSocket()).isEqualTo(path.resolve("api.sock"));
            assertThat(directory.fdSocket()).isEqualTo(path.resolve("fd.sock"));
            assertThat(directory.groupId()).isEqualTo(Files.getAttribute(path, "unix:gid"));
        }
    }

    @Test
    void oneThatIsThereIsTakenAsItIs() throws IOException {
        Files.createDirectory(path);
        Files.setAttribute(path, "unix:mode", 0775);

        open().close();

        assertThat(Files.getPosixFilePermissions(path))
                .isEqualTo(PosixFilePermissions.fromString("rwxrwxr-x"));
    }

    @Test
    void itIsOneDaemonsAtATime() throws IOException {
        try (var directory = open()) {
            assertThatIOException()
                    .isThrownBy(this::open)
                    .withMessage("another eventfdd has the runtime directory " + directory.path());
        }
        open().close();
    }

    @Test
    void whatAKilledDaemonLeftIsCleared() throws IOException {
        open().close();
        listen("api.sock").close();
        listen("fd.sock").close();

        open().close();

        assertThat(path.resolve("api.sock")).doesNotExist();
        assertThat(path.resolve("fd.sock")).doesNotExist();
    }

    private ServerSocketChannel listen(String name) throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(path.resolve(name)));
    }

    @Test
    void aSocketThatSomeoneListensOnIsNot() throws IOException {
        open().close();
        try (var live = listen("api.sock")) {
            assertThatIOException()
                    .isThrownBy(this::open)
                    .withMessageContaining("another process listens on " + path);
            assertThat(path.resolve("api.sock")).exists();
            assertThat(live.isOpen()).isTrue();
        }
    }

    @Test
    void aFileThatIsNoSocketIsNot() throws IOException {
        open().close();
        Files.createFile(path.resolve("fd.sock"));

        assertThatIOException().isThrownBy(this::open).withMessageContaining("not a socket");
        assertThat(path.resolve("fd.sock")).exists();
    }

    @Test
    void aLinkToADirectoryIsRefused() throws IOException {
        Files.createSymbolicLink(path, Files.createDirectory(parent.resolve("elsewhere")));

        assertThatIOException().isThrownBy(this::open).withMessageContaining("not a directory");
    }

    @Test
    void aLinkInPlaceOfTheLockIsRefused() throws IOException {
        Files.createDirectory(path);
        Files.createSymbolicLink(path.resolve("lock"), parent.resolve("elsewhere"));

        assertThatIOException().isThrownBy(this::open).withMessageContaining("lock");
        assertThat(parent.resolve("elsewhere")).doesNotExist();
    }

    @Test
    void aDirectoryOfSomeoneElseIsRefused() throws IOException {
        assumeTrue(uid == 0, "only root can give a directory away");
        Files.createDirectory(path);
        Files.setAttribute(path, "unix:uid", 12345);

        assertThatIOException()
                .isThrownBy(this::open)
                .withMessageContaining("belongs to user 12345");
        open(path, 12345).close();
    }

    @Test
    void whereAnyoneMayMakeDirectoriesOneThatOthersWriteToIsRefused() throws IOException {
        Files.setAttribute(parent, "unix:mode", 01777);
        Files.createDirectory(path);
        Files.setAttribute(path, "unix:mode", 0770);

        assertThatIOException()
                .isThrownBy(this::open)
                .withMessageContaining("can be written by others");
        Files.setAttribute(path, "unix:mode", 0750);
        open().close();
    }

    @Test
    void whoeverMovesItAwayAmidARestoreItIsWholeAfterTheNext() throws Exception {
        try (var directory = open()) {
            for (int round = 0; round < 100; round++) {
                Files.delete(path.resolve("lock"));
                var away = parent.resolve("away" + round);
                var mover = Thread.ofPlatform().start(() -> move(path, away));
                try {
                    while (mover.isAlive()) {
                        directory.restore();
                        Files.deleteIfExists(path.resolve("lock"));
                    }
                } catch (IOException e) {
                    assertThat(e).hasMessageContaining(path.toString());
                }
                mover.join();

                directory.restore();
                assertThat(path.resolve("lock")).as("round %d", round).exists();
            }
        }
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aPathThatIsTooLongSaysSo() {
        assertThatIOException()
                .isThrownBy(() -> open(parent.resolve("x".repeat(90)), uid))
                .withMessageContaining("bytes too long for a Unix socket");
    }

    @Test
    void aDirectoryThatCannotBeMadeSaysWhich() {
        assertThatIOException()
                .isThrownBy(() -> open(parent.resolve("a/b"), uid))
                .withMessageContaining("cannot use the runtime directory " + parent.resolve("a/b"));
    }

    @Test
    void withoutAnOptionTheEnvironmentSaysWhereItIs() {
        assertThat(RuntimeDirectory.locate(Map.of("EVENTFDD_RUNTIME_DIR", "/x"), 5))
                .isEqualTo(Path.of("/x"));
    }
}
