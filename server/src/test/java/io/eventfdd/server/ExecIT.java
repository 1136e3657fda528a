package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.Cat;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;

/** {@code eventfdd exec} becomes the program, with the raw descriptors. */
@Timeout(300)
class ExecIT {
    private static DaemonProcess daemon;

    @BeforeAll
    static void start() throws Exception {
        daemon = DaemonProcess.start();
        daemon.create("a");
        daemon.create("b");
    }

    @AfterAll
    static void stop() throws IOException {
        daemon.close();
    }

    private static Ran exec(String... arguments) throws Exception {
        return Ran.eventfdd(daemon, "exec", arguments);
    }

    @Test
    void theProgramReadsAndWritesTheVeryEventfds() throws Exception {
        Ran.eventfdd(daemon, "write", "a", "5");
        assertThat(
                        exec(
                                "a",
                                "b",
                                "--",
                                "python3",
                                "-c",
                                "import os; print(os.eventfd_read(3)); os.eventfd_write(4, 7)"))
                .isEqualTo(new Ran(0, "5"));
        assertThat(Ran.eventfdd(daemon, "read", "--timeout", "0s", "b").output()).isEqualTo("7");
    }

    @Test
    void theEnvironmentSaysSoAsSystemdDoes() throws Exception {
        var process = Ran.begin(daemon, "exec", "b", "a", "--", "env");
        long pid = process.pid();
        assertThat(Ran.of(process).output().lines())
                .contains("LISTEN_FDS=2", "LISTEN_FDNAMES=b:a", "LISTEN_PID=" + pid)
                .anyMatch(line -> line.startsWith("PATH="));
    }

    @Test
    void nothingElseOfTheJavaIsLeft() throws Exception {
        try (var become = Cat.of(Ran.begin(daemon, "exec", "a", "--", "cat"));
                var given = Cat.of(daemon.begin("cat"));
                var fds = Files.list(become.proc("fd"))) {
            assertThat(fds.map(fd -> fd.getFileName().toString()))
                    .containsExactlyInAnyOrder("0", "1", "2", "3");
            assertThat(become.signals()).isEqualTo(given.signals()).hasSize(2);
        }
    }

    private static Ran shell(String line) throws Exception {
        return Ran.of(
                daemon.begin(
                        "bash",
                        "-c",
                        line,
                        "bash",
                        DaemonProcess.launcher().toString(),
                        daemon.directory().toString()));
    }

    private static final String EXEC = "\"$1\" exec --runtime-dir \"$2\" ";

    @Test
    void descriptorsThatItHasInheritedArePassedOn() throws Exception {
        assertThat(shell(EXEC + "a -- cat <(echo hi)")).isEqualTo(new Ran(0, "hi"));
        assertThat(
                        shell(
                                EXEC
                                        + "a b -- bash -c 'echo out >&9; read -u 10; echo $REPLY'"
                                        + " 9>&1 10<<<in"))
                .isEqualTo(new Ran(0, "out\nin"));
    }

    @Test
    void anEventfdTakesThePlaceOfAnInheritedDescriptor() throws Exception {
        assertThat(
                        shell(
                                EXEC
                                        + "a -- readlink /proc/self/fd/3 /proc/self/fd/4"
                                        + " 3</dev/zero 4</dev/zero"))
                .isEqualTo(new Ran(0, "anon_inode:[eventfd]\n/dev/zero"));
    }

    @Test
    void aLockOnAnInheritedDescriptorStays() throws Exception {
        var lock = daemon.file("lock");
        var line = "exec 9>\"$3\"; flock 9; exec " + EXEC + "a -- cat";
        var holding =
                daemon.begin(
                        "bash",
                        "-c",
                        line,
                        "bash",
                        DaemonProcess.launcher().toString(),
                        daemon.directory().toString(),
                        lock.toString());
        try (var _ = Cat.of(holding)) {
            assertThat(Ran.of(daemon.begin("flock", "-n", lock.toString(), "true")).status())
                    .isOne();
        }
        assertThat(Ran.of(daemon.begin("flock", "-n", lock.toString(), "true")).status()).isZero();
    }

    @Test
    void theVariablesOfSocketActivationCanBeLeftAway() throws Exception {
        var ran = exec("--no-listen-fds", "a", "--", "env");
        assertThat(ran.status()).isZero();
        assertThat(ran.output()).contains("PATH=").doesNotContain("LISTEN_");
        // also those that eventfdd itself was given
        var given = shell("LISTEN_FDS=1 LISTEN_PID=1 " + EXEC + "--no-listen-fds a -- env");
        assertThat(given.output()).contains("PATH=").doesNotContain("LISTEN_");
        assertThat(exec("--no-listen-fds", "a", "--", "readlink", "/proc/self/fd/3").output())
                .isEqualTo("anon_inode:[eventfd]");
    }

    @Test
    void theLimitOfOpenFilesIsTheOneThatWasGiven() throws Exception {
        var limited =
                Ran.beginUnder(
                        List.of("prlimit", "--nofile=400:"), daemon, "exec", "a", "--", "cat");
        try (var cat = Cat.of(limited)) {
            assertThat(Files.readAllLines(cat.proc("limits")))
                    .anyMatch(line -> line.matches("Max open files +400 .*"));
        }
    }

    @Test
    void itIsTheSameProcessAndItsEndIsTheProgramsOwn() throws Exception {
        assertThat(exec("a", "--", "sh", "-c", "exit 9").status()).isEqualTo(9);
        var cat = Cat.of(Ran.begin(daemon, "exec", "a", "--", "cat"));
        cat.close();
        assertThat(cat.process().exitValue()).as("by SIGTERM").isEqualTo(128 + 15);
    }

    @Test
    void argumentsArriveAsTheBytesThatTheyWere() throws Exception {
        var script =
                "LC_ALL=C exec \"$1\" exec --runtime-dir \"$2\" a -- printf '%s|' --help -o @x ''"
                        + " $(printf '\\303\\251 \\377') | od -An -tx1";
        var ran =
                Ran.of(
                        daemon.begin(
                                "sh",
                                "-c",
                                script,
                                "sh",
                                DaemonProcess.launcher().toString(),
                                daemon.directory().toString()));
        var bytes = Arrays.asList(ran.output().split("\\s+", -1));
        assertThat(String.join("", bytes))
                .isEqualTo(
                        "2d2d68656c707c" // --help|
                                + "2d6f7c" // -o|
                                + "40787c" // @x|
                                + "7c" // |
                                + "c3a97c" // é|
                                + "ff7c");
    }

    @Test
    void aProgramThatCannotBeRunIsToldAsEnvDoes() throws Exception {
        var missing = exec("a", "--", "no-such-program");
        assertThat(missing.status()).isEqualTo(127);
        assertThat(missing.output()).startsWith("eventfdd: no-such-program: ").contains("ENOENT");
        var text = exec("a", "--", "/etc/passwd");
        assertThat(text.status()).isEqualTo(126);
        assertThat(text.output()).contains("EACCES").doesNotContain("Exception");
    }

    @Test
    void wrongUseAndUnknownNamesAreTold() throws Exception {
        assertThat(exec("a", "b").status()).isEqualTo(2);
        assertThat(exec("a", "--").status()).isEqualTo(2);
        assertThat(exec("--", "true").status()).isEqualTo(2);
        assertThat(exec("a", "a", "--", "true").status()).isEqualTo(2);
        assertThat(exec("a", "nothing", "--", "true").status()).isEqualTo(3);
    }
}
