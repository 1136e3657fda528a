package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;

@Timeout(300)
class UnixListenerTest {
    @TempDir private Path directory;

    private Path path;
    private int gid;

    @BeforeEach
    void name() throws IOException {
        path = directory.resolve("s");
        gid = (int) Files.getAttribute(directory, "unix:gid");
    }

    private static int mode(Path file) throws IOException {
        return (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
    }

    @Test
    void theFileIsBornWithNoMoreThanItMayHave() throws IOException {
        try (var listener = SeqPacketSocket.listen(path, 0600, 1)) {
            assertThat(mode(path)).isEqualTo(0600);
            UnixListener.permit(path, 0666, gid);
            assertThat(mode(path)).as("whatever the umask").isEqualTo(0666);
            assertThat(UnixListener.isAwaited(listener.fd())).isFalse();
        }
    }

    @Test
    void theFileGetsItsGroup() throws IOException {
        assumeTrue(OpenFiles.effectiveUser() == 0, "only root is of all groups");
        SeqPacketSocket.listen(path, 0600, 1).close();
        UnixListener.permit(path, 0660, 4242);
        assertThat(Files.readAttributes(path, "unix:gid,mode"))
                .containsEntry("gid", 4242)
                .containsEntry("mode", 0140660);
    }

    @Test
    void aFileThatIsNoSocketGetsNothing() throws IOException {
        var other = Files.createFile(directory.resolve("other"));
        int before = mode(other);
        Files.createSymbolicLink(path, other);

        assertThatIOException()
                .isThrownBy(() -> UnixListener.permit(path, 0666, gid))
                .withMessageContaining("is not a socket");
        assertThatIOException()
                .isThrownBy(() -> UnixListener.permit(other, 0666, gid))
                .withMessageContaining("is not a socket");
        assertThat(mode(other)).isEqualTo(before);
        assertThatThrownBy(() -> UnixListener.permit(directory.resolve("none"), 0666, gid))
                .hasMessageContaining("ENOENT");
    }

    @Test
    void whoWaitsToBeAcceptedIsKnownAndStaysWhenItListensAgain() throws IOException {
        try (var listener = SeqPacketSocket.listen(path, 0600, 1);
                var client = SeqPacketSocket.connect(path, Duration.ofSeconds(5))) {
            assertThat(UnixListener.isAwaited(listener.fd())).isTrue();
            UnixListener.listen(listener.fd(), UnixListener.MAX_BACKLOG);
            try (var accepted = listener.accept().orElseThrow()) {
                assertThat(UnixListener.isAwaited(listener.fd())).isFalse();
                assertThat(accepted.peer().uid()).isEqualTo(client.peer().uid());
            }
        }
    }

    @Test
    void toListenAgainDoesNotShrinkTheBacklog() throws IOException {
        try (var listener = SeqPacketSocket.listen(path, 0600, 1);
                var first = SeqPacketSocket.connect(path, Duration.ofSeconds(5));
                var second = SeqPacketSocket.connect(path, Duration.ofSeconds(5))) {
            assertThatThrownBy(() -> SeqPacketSocket.connect(path, Duration.ofMillis(1)))
                    .as("it is full with one more than it says")
                    .hasMessageContaining("ETIMEDOUT");
            SeqPacketSocket.adoptListener(listener.fd());
            SeqPacketSocket.connect(path, Duration.ofMillis(1)).close();
            assertThat(first.fd().isClosed() || second.fd().isClosed()).isFalse();
        }
    }
}
