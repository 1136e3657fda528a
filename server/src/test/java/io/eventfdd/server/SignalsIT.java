package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The signals of a program that {@code eventfdd exec} or {@code eventfdd run} becomes. */
@Timeout(300)
class SignalsIT {
    private static final List<Integer> ENDING = List.of(1, 2, 3, 15);

    private static DaemonProcess daemon;

    @BeforeAll
    static void start() throws Exception {
        daemon = DaemonProcess.start();
        daemon.create("slots", "{\"semaphore\":true}");
        daemon.create("free", "{\"semaphore\":true,\"initial\":1}");
    }

    @AfterAll
    static void stop() throws IOException {
        daemon.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"exec", "run"})
    void areIgnoredAndBlockedAsTheyWereGiven(String command) throws IOException {
        var shown = List.of("grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status");
        for (var given :
                List.of(
                        List.of("env"),
                        List.of("env", "--ignore-signal=PIPE,QUIT,USR2,XFSZ"),
                        List.of("env", "--block-signal=HUP,QUIT,TERM,USR2"))) {
            var plain = new ArrayList<>(given);
            plain.addAll(shown);
            var become = new ArrayList<>(given);
            become.add(DaemonProcess.launcher().toString());
            become.addAll(List.of(command, "--runtime-dir", daemon.directory().toString()));
            become.addAll(List.of("free", "--"));
            become.addAll(shown);
            assertThat(signals(become))
                    .as(String.join(" ", become))
                    .isEqualTo(signals(plain))
                    .hasSize(2);
        }
    }

    /** What {@code command} prints, without the signals from 32 on: the C library has some. */
    private static List<Long> signals(List<String> command) throws IOException {
        return daemon.run(command.toArray(String[]::new))
                .lines()
                .map(line -> Long.parseUnsignedLong(line.split("\\s+", -1)[1], 16) & 0x7fff_ffffL)
                .toList();
    }

    /**
     * If Java caught a signal, and the process became the program before Java could act on it,
     * nobody would.
     */
    @Test
    void areNotCaughtByWhatBecomesTheProgram() throws Exception {
        var waiting =
                daemon.begin(
                        "env",
                        "--default-signal=HUP,INT,QUIT,TERM",
                        DaemonProcess.launcher().toString(),
                        "run",
                        "--runtime-dir",
                        daemon.directory().toString(),
                        "--timeout",
                        "1h",
                        "slots",
                        "--",
                        "true");
        until(() -> daemon.waiters("slots") == 1);
        long caught = caught(waiting);
        assertThat(ENDING).noneMatch(signal -> (caught >>> (signal - 1) & 1) == 1);
        waiting.destroy();
        assertThat(waiting.waitFor()).as("by SIGTERM").isEqualTo(128 + 15);
    }

    private static long caught(Process process) throws IOException {
        try (var lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
            var line = lines.filter(one -> one.startsWith("SigCgt:")).findFirst().orElseThrow();
            return Long.parseUnsignedLong(line.substring("SigCgt:".length()).strip(), 16);
        }
    }
}
