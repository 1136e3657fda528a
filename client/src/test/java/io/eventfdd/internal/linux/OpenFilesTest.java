package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class OpenFilesTest {
    private static final int RLIMIT_NOFILE = 7;

    private static long limit(int column) throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/limits"))) {
            return lines.filter(line -> line.startsWith("Max open files"))
                    .map(line -> line.split("\\s+", -1)[column])
                    .mapToLong(Long::parseLong)
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static long soft() throws IOException {
        return limit(3);
    }

    private static long hard() throws IOException {
        return limit(4);
    }

    @Test
    void theSoftLimitIsRaisedToTheHardOne() throws IOException {
        long hard = hard();
        LIBC.setrlimit(RLIMIT_NOFILE, new long[] {hard - 1, hard});
        assertThat(soft()).isEqualTo(hard - 1);
        assertThat(OpenFiles.raiseLimit()).isEqualTo(hard);
        assertThat(soft()).isEqualTo(hard);
        assertThat(OpenFiles.raiseLimit()).as("once more").isEqualTo(hard);
    }

    @Test
    void growingTheTableLeavesNothingOpen() throws IOException {
        var before = Descriptors.open();
        OpenFiles.growTable(5000);
        assertThat(Descriptors.openedSince(before)).isEmpty();
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            assertThat(lines.filter(line -> line.startsWith("FDSize:")))
                    .allSatisfy(line ->
                            assertThat(Long.parseLong(line.split("\\s+", -1)[1]))
                                    .isGreaterThanOrEqualTo(5000));
        }
    }

    @Test
    void aTableOverTheLimitIsRefusedInTheKernelsWords() throws IOException {
        long limit = OpenFiles.raiseLimit();
        assertThatThrownBy(() -> OpenFiles.growTable((int) limit + 1))
                .hasMessageStartingWith("fcntl(F_DUPFD_CLOEXEC, " + limit + "): EINVAL (");
    }

    @Test
    void theUserIsTheEffectiveOne() throws IOException {
        assertThat(OpenFiles.effectiveUser())
                .isEqualTo((int) Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    }
}
