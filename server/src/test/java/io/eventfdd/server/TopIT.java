package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;
import io.eventfdd.server.testing.SharedDaemon;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code eventfdd top} in a real terminal, tmux's. */
@Timeout(300)
@ExtendWith(SharedDaemon.class)
class TopIT {
    private static final String PROMPT = "shell>";

    /** exit(2) ends the thread that calls it. */
    private static final String END_OF_MAIN_THREAD =
            """
            import ctypes, platform, threading, time
            threading.Thread(target=time.sleep, args=[1000]).start()
            ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
            """;

    /** The socket of the test's own tmux is there. */
    @TempDir private Path terminal;

    private final DaemonProcess daemon;

    TopIT(DaemonProcess daemon) {
        this.daemon = daemon;
    }

    @BeforeEach
    void start() throws Exception {
        assumeTrue(Ran.isThere("tmux"), "SKIP: there is no tmux here");
        daemon.deleteAll();
        daemon.create("orders", "{\"initial\":18446}");
        daemon.create("jobs");
        tmux("new-session", "-d", "-x", "80", "-y", "24", "PS1='" + PROMPT + " ' sh");
    }

    @AfterEach
    void stop() throws Exception {
        if (Ran.isThere("tmux")) {
            tmux("kill-server");
        }
    }

    private String tmux(String... command) throws IOException {
        var line = new ArrayList<>(List.of("tmux", "-f", "/dev/null", "-S"));
        line.add(terminal.resolve("tmux").toString());
        line.addAll(List.of(command));
        return daemon.run(line.toArray(String[]::new));
    }

    private void type(String text, String... keys) throws IOException {
        tmux("send-keys", "-l", text);
        for (var key : keys) {
            tmux("send-keys", key);
        }
    }

    private List<String> screen() {
        try {
            return tmux("capture-pane", "-p").lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean shows(String text) {
        return screen().stream().anyMatch(line -> line.contains(text));
    }

    private void top(String options) throws IOException {
        type(
                "clear; %s top --runtime-dir %s --interval 100ms %s; echo ended $?"
                        .formatted(DaemonProcess.launcher(), daemon.directory(), options),
                "Enter");
        until(() -> shows("NAME ") && shows("q quit"));
    }

    /** The shell has its screen back, and the keys echo. */
    private void assertRestored(String status) throws IOException {
        until(() -> shows("ended " + status));
        assertThat(shows("NAME ")).isFalse();
        type("stty -a", "Enter");
        until(() -> shows(" echo ") && shows("icanon"));
        assertThat(shows("-icanon")).isFalse();
    }

    @Test
    void itShowsWhatThereIsAndFollowsIt() throws Exception {
        top("");
        var lines = screen();
        assertThat(lines).hasSize(24).allMatch(line -> line.length() <= 80);
        assertThat(lines.get(0)).contains("eventfdd", "2 eventfds");
        assertThat(lines.get(1).split("\\s+", -1))
                .containsExactly("NAME", "COUNT", "NET/S", "WAITERS", "LEASED");
        assertThat(lines.get(2).split("\\s+", -1)).startsWith("jobs", "0");
        assertThat(lines.get(3).split("\\s+", -1)).startsWith("orders", "18446");
        var waiting = Ran.begin(daemon, "wait", "jobs");
        until(() -> screen().get(2).endsWith("       1        0"));
        Ran.eventfdd(daemon, "write", "orders", "1");
        until(() -> screen().get(3).contains(" 18447 "));
        Ran.eventfdd(daemon, "write", "jobs");
        assertThat(waiting.waitFor()).isZero();
        type("q");
        assertRestored("0");
    }

    @Test
    void aKeySortsItAndItFitsEveryTerminal() throws Exception {
        top("");
        type("c");
        until(() -> screen().get(2).startsWith("orders"));
        type("n");
        until(() -> screen().get(2).startsWith("jobs"));
        tmux("resize-window", "-x", "50", "-y", "4");
        until(() -> shows("1 more"));
        assertThat(screen()).hasSize(4).allMatch(line -> line.length() <= 50);
        tmux("resize-window", "-x", "100", "-y", "30");
        until(() -> screen().size() == 30 && screen().get(29).startsWith("q quit"));
        type("q");
        assertRestored("0");
    }

    @Test
    void anInterruptLeavesTheTerminalAsItWas() throws Exception {
        top("");
        tmux("send-keys", "C-c");
        // What is typed before the shell prompts may still be for top.
        until(() -> shows(PROMPT));
        assertThat(shows("NAME ")).isFalse();
        // The shell gives up the rest of a line whose command ends by SIGINT.
        assertThat(shows("ended")).isFalse();
        type("echo ended $?", "Enter");
        assertRestored("130");
    }

    /** The process id of top. */
    private String running() {
        var line = " top --runtime-dir " + daemon.directory();
        return ProcessHandle.allProcesses()
                .filter(one -> one.info().commandLine().orElse("").contains(line))
                .map(one -> Long.toString(one.pid()))
                .findFirst()
                .orElseThrow();
    }

    /** The shell goes on with the rest of its line when top stops. */
    private void goOn() throws IOException {
        type("clear; fg; echo ended $?", "Enter");
        until(() -> shows("NAME ") && shows("q quit"));
    }

    @Test
    void ctrlZGivesTheShellItsTerminalAndFgGoesOn() throws Exception {
        top("");
        tmux("send-keys", "C-z");
        until(() -> shows("ended 148"));
        assertThat(shows("NAME ")).isFalse();
        type("stty -a", "Enter");
        until(() -> shows(" echo ") && shows("icanon"));
        assertThat(shows("-icanon")).isFalse();
        goOn();
        tmux("send-keys", "C-z");
        until(() -> shows("ended 148"));
        goOn();
        type("c");
        until(() -> screen().get(2).startsWith("orders"));
        type("q");
        assertRestored("0");
    }

    @Test
    void afterAStopByAnotherProcessItDrawsAnew() throws Exception {
        top("");
        daemon.run("kill", "-STOP", running());
        until(() -> shows("ended 147"));
        goOn();
        type("q");
        assertRestored("0");
    }

    @Test
    void aSignalFromElsewhereLeavesTheTerminalAsItWasToo() throws Exception {
        for (var signal : List.of("HUP", "TERM")) {
            top("");
            daemon.run("kill", "-" + signal, running());
            assertRestored(signal.equals("HUP") ? "129" : "143");
        }
    }

    @Test
    void whoHoldsTheRawDescriptorIsAskedOfTheKernel() throws Exception {
        var holder = Ran.begin(daemon, "exec", "orders", "--", "sleep", "1000");
        top("--holders --sort holders");
        assertThat(screen().get(1)).endsWith("HOLDERS");
        until(() -> screen().get(2).startsWith("orders") && screen().get(2).endsWith("       1"));
        assertThat(screen().get(3)).startsWith("jobs").endsWith("       0");
        holder.destroy();
        until(() -> screen().get(3).startsWith("orders") && screen().get(3).endsWith("       0"));
        type("q");
        assertRestored("0");
    }

    /** The descriptors of its process are those of the threads that go on. */
    @Test
    void aHolderWhoseMainThreadHasEndedIsOneToo() throws Exception {
        assumeTrue(Ran.isThere("python3"), "SKIP: there is no python3 here");
        var holder = Ran.begin(daemon, "exec", "orders", "--", "python3", "-c", END_OF_MAIN_THREAD);
        until(() -> state(holder.pid()).equals("Z"));
        top("--holders");
        until(() -> screen().get(3).startsWith("orders") && screen().get(3).endsWith("       1"));
        holder.destroy();
        until(() -> screen().get(3).startsWith("orders") && screen().get(3).endsWith("       0"));
        type("q");
        assertRestored("0");
    }

    private static String state(long pid) {
        try {
            var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            return stat.substring(stat.lastIndexOf(')') + 2).split(" ", 2)[0];
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whenTheDaemonGoesItSaysSoAndWhenItComesBackItGoesOn() throws Exception {
        top("");
        daemon.process().destroy();
        daemon.exitStatus();
        try {
            until(() -> shows("no daemon answers"));
        } finally {
            daemon.restart();
        }
        until(() -> shows("2 eventfds"));
        type("q");
        assertRestored("0");
    }

    @Test
    void withoutATerminalItIsToldToUseLs() throws Exception {
        var ran = Ran.eventfdd(daemon, "top");
        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.output()).contains("terminal", "ls");
        assertThat(Ran.eventfdd(daemon, "top", "--interval", "0s").status()).isEqualTo(2);
    }
}
