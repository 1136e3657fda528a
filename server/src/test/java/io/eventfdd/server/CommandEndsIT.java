package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Count;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How commands end if their output cannot be written, or by a signal. */
@Timeout(120)
class CommandEndsIT {
    private static final String FULL = "/dev/full";

    private static DaemonProcess daemon;

    @BeforeAll
    static void start() throws IOException {
        daemon = DaemonProcess.start();
        daemon.create("ended");
        daemon.create("full");
        daemon.write("full", Count.MAX);
    }

    @AfterAll
    static void stop() throws IOException {
        daemon.close();
    }

    private static Ran run(String command, String... arguments) throws Exception {
        return Ran.eventfdd(daemon, command, arguments);
    }

    /** A shell's line, in which {@code $eventfdd} is the command. */
    private static Ran shell(String line) throws Exception {
        return Ran.of(beginShell(line));
    }

    private static Process beginShell(String line) throws IOException {
        var command = new ArrayList<>(DaemonProcess.HEARING);
        command.add("EVENTFDD_RUNTIME_DIR=" + daemon.directory());
        command.add("eventfdd=" + DaemonProcess.launcher());
        command.addAll(List.of("bash", "-c", line));
        return daemon.begin(command.toArray(String[]::new));
    }

    private static String count(String name) {
        return daemon.request().get("/v1/eventfds/" + name).path("count").toString();
    }

    private static void awaitWaiter(String name) {
        until(() -> daemon.request().get("/v1/eventfds/" + name).path("waiters").equals(1));
    }

    @Test
    void whatWasReadAndCannotBePrintedGoesBack() throws Exception {
        daemon.create("unprinted", "{\"initial\":7}");
        daemon.create("permits", "{\"semaphore\":true,\"initial\":2}");
        var ran = shell("$eventfdd read unprinted >" + FULL);
        assertThat(ran)
                .isEqualTo(
                        new Ran(
                                1,
                                "eventfdd: cannot write to standard output: No space left on"
                                        + " device; 7 was written back to unprinted"));
        assertThat(count("unprinted")).isEqualTo("7");
        assertThat(shell("$eventfdd read permits >" + FULL).status()).isEqualTo(1);
        assertThat(shell("$eventfdd read permits >&-").status()).isEqualTo(1);
        assertThat(count("permits")).isEqualTo("2");
    }

    @Test
    void soDoesWhatAWaitOnManyTook() throws Exception {
        daemon.create("one", "{\"initial\":5}");
        daemon.create("other", "{\"semaphore\":true,\"initial\":3}");
        for (var how : List.of("--any", "--all", "-o json")) {
            var ran = shell("$eventfdd wait --consume " + how + " one other >" + FULL);
            assertThat(ran.status()).as(how).isEqualTo(1);
            assertThat(ran.output()).contains("5 was written back to one", "1 was written back");
        }
        assertThat(count("one")).isEqualTo("5");
        assertThat(count("other")).isEqualTo("3");
    }

    @Test
    void itGoesBackIfTheReaderOfAPipeHasGone() throws Exception {
        daemon.create("piped", "{\"initial\":9}");
        var ran =
                shell(
                        "mkfifo "
                                + daemon.file("pipe")
                                + "; exec 3<>"
                                + daemon.file("pipe")
                                + "; exec 4>"
                                + daemon.file("pipe")
                                + " 3<&-; $eventfdd read piped >&4");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.output()).contains("9 was written back to piped");
        assertThat(count("piped")).isEqualTo("9");
    }

    @Test
    void everyCommandTellsThatItsOutputCouldNotBeWritten() throws Exception {
        daemon.create("shown", "{\"initial\":1}");
        for (var command :
                List.of(
                        "ls",
                        "ls -o json",
                        "stat shown",
                        "stat -o json shown",
                        "wait shown",
                        "watch shown",
                        "ping",
                        "create new",
                        "--help",
                        "--version",
                        "read --help",
                        "completion bash",
                        "completion zsh")) {
            for (var nowhere : List.of(" >" + FULL, " >&-")) {
                var ran = shell("$eventfdd " + command + nowhere);
                assertThat(ran.status()).as(command + nowhere + ": " + ran.output()).isEqualTo(1);
                assertThat(ran.output())
                        .startsWith("eventfdd: cannot write to standard output: ")
                        .hasLineCount(1);
            }
        }
    }

    @Test
    void aCommandThatPrintsNothingNeedsNoOutput() throws Exception {
        daemon.create("mute");
        assertThat(shell("$eventfdd write mute 3 >" + FULL)).isEqualTo(new Ran(0, ""));
        assertThat(shell("$eventfdd write mute 3 <&- >&- 2>&-")).isEqualTo(new Ran(0, ""));
        assertThat(count("mute")).isEqualTo("6");
    }

    @Test
    void aClosedStreamIsNotTakenForAFileOfJavas() throws Exception {
        daemon.create("closed");
        assertThat(shell("$eventfdd exec closed -- sh -c 'readlink /proc/self/fd/0' <&-"))
                .isEqualTo(new Ran(0, "/dev/null"));
        assertThat(shell("$eventfdd stat nowhere 2>&-").status()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "read ended",
                "read --timeout 1h ended",
                "wait ended",
                "wait --all --consume ended",
                "watch ended",
                "write --timeout 1h full"
            })
    void aSignalEndsACommandAndNotTheCommandItself(String command) throws Exception {
        var name = command.substring(command.lastIndexOf(' ') + 1);
        for (var signal : List.of("HUP", "INT", "TERM")) {
            var line = new ArrayList<>(DaemonProcess.HEARING);
            line.add("EVENTFDD_RUNTIME_DIR=" + daemon.directory());
            line.addAll(List.of("python3", "-c", PARENT, DaemonProcess.launcher().toString()));
            line.addAll(Arrays.asList(command.split(" ", -1)));
            var parent = daemon.begin(line.toArray(String[]::new));
            try (var told = new BufferedReader(parent.inputReader())) {
                var pid = told.readLine();
                if (command.startsWith("watch")) {
                    assertThat(told.readLine()).isEqualTo("0");
                } else {
                    awaitWaiter(name);
                }
                daemon.run("kill", "-" + signal, pid);
                assertThat(told.readLine()).as(command).isEqualTo("ended by SIG" + signal);
            }
            assertThat(parent.waitFor()).isZero();
        }
    }

    /** A parent that tells the process id of its child, and how it ended. */
    private static final String PARENT =
            """
            import signal, subprocess, sys
            child = subprocess.Popen(sys.argv[1:])
            print(child.pid, flush=True)
            status = child.wait()
            print(f"ended by {signal.Signals(-status).name}" if status < 0 else f"exit {status}")
            """;

    @Test
    void anInterruptEndsTheLoopOfAScript() throws Exception {
        daemon.create("looped");
        for (var loop :
                List.of(
                        "for i in 1 2 3; do $eventfdd read --timeout 1h looped; done",
                        "until $eventfdd read --timeout 1h looped; do echo again; done",
                        "while ! $eventfdd wait --timeout 1h looped; do :; done")) {
            // In a process group of its own, which is what Ctrl-C goes to.
            var script = beginShell("exec setsid bash -c '" + loop + "; echo loop done'");
            awaitWaiter("looped");
            daemon.run("kill", "-INT", "--", "-" + script.pid());
            assertThat(Ran.of(script)).as(loop).isEqualTo(new Ran(130, ""));
            until(() -> daemon.request().get("/v1/eventfds/looped").path("waiters").equals(0));
        }
    }

    @Test
    void aBenchmarkThatIsInterruptedLeavesNothingAndEndsByTheSignal() throws Exception {
        String ended;
        do {
            ended = endOfAnInterruptedBenchmark();
        } while (ended.equals("exit 0")); // it was faster
        assertThat(ended).isEqualTo("ended by SIGINT");
        assertThat(run("ls", "bench-").output()).isEmpty();
    }

    private static String endOfAnInterruptedBenchmark() throws Exception {
        var line = new ArrayList<>(DaemonProcess.HEARING);
        line.add("EVENTFDD_RUNTIME_DIR=" + daemon.directory());
        line.addAll(List.of("python3", "-c", PARENT, DaemonProcess.launcher().toString(), "bench"));
        var parent = daemon.begin(line.toArray(String[]::new));
        try (var told = new BufferedReader(parent.inputReader())) {
            var pid = told.readLine();
            // the last that it creates
            var awaited = "/v1/eventfds/bench-" + pid + ".awaited";
            var benchmark = ProcessHandle.of(Long.parseLong(pid));
            until(() ->
                    daemon.request().get(awaited).statusCode() == 200
                            || benchmark.filter(ProcessHandle::isAlive).isEmpty());
            // fails if it was faster
            Ran.of(daemon.begin("kill", "-INT", pid));
            return told.lines().reduce((before, last) -> last).orElseThrow();
        }
    }

    @Test
    void aWatchGoesOnOverARestartAndATakeOver() throws Exception {
        try (var own = DaemonProcess.start()) {
            own.create("kept", "{\"initial\":1}");
            var watch = Ran.begin(own, "watch", "kept");
            try (var counts = new BufferedReader(watch.inputReader())) {
                assertThat(counts.readLine()).isEqualTo("1");
                // It waits for the next daemon for some seconds only, and that may take longer to
                // start.
                own.run("kill", "-STOP", Long.toString(watch.pid()));
                own.process().destroy();
                assertThat(own.exitStatus()).isZero();
                own.restart();
                own.run("kill", "-CONT", Long.toString(watch.pid()));
                own.write("kept", 10);
                assertThat(counts.lines().dropWhile("1"::equals).findFirst()).hasValue("11");
                own.takeOver();
                own.write("kept", 100);
                assertThat(counts.lines().dropWhile("11"::equals).findFirst()).hasValue("111");
                own.delete("kept");
                assertThat(counts.lines().reduce((first, last) -> last).orElseThrow())
                        .contains("kept was deleted");
            }
            assertThat(watch.waitFor()).isEqualTo(7);
        }
    }

    @Test
    void aWatchEndsIfNoDaemonComesBack() throws Exception {
        try (var own = DaemonProcess.start()) {
            own.create("left");
            var watch = Ran.begin(own, "watch", "left");
            try (var counts = new BufferedReader(watch.inputReader())) {
                assertThat(counts.readLine()).isEqualTo("0");
                own.process().destroyForcibly();
                assertThat(counts.readLine()).startsWith("eventfdd: ");
            }
            assertThat(watch.waitFor()).isEqualTo(69);
        }
    }

    @Test
    void aWatchEndsWithItsReaderThoughNothingIsWritten() throws Exception {
        daemon.create("quiet");
        var unread = Ran.begin(daemon, "watch", "quiet");
        try (var counts = new BufferedReader(unread.inputReader())) {
            assertThat(counts.readLine()).isEqualTo("0");
        }
        assertThat(unread.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
        assertThat(unread.exitValue()).isZero();
        assertThat(shell("set -o pipefail; $eventfdd watch quiet | head -n 1"))
                .isEqualTo(new Ran(0, "0"));
    }

    @Test
    void aWatchHasSucceededThoughACountCameAfterItsReaderHadGone() throws Exception {
        daemon.create("late");
        var watches = new ArrayList<Process>();
        for (int i = 0; i < 3; i++) {
            watches.add(Ran.begin(daemon, "watch", "late"));
        }
        for (var watch : watches) {
            try (var counts = new BufferedReader(watch.inputReader())) {
                assertThat(counts.readLine()).isEqualTo("0");
                daemon.run("kill", "-STOP", Long.toString(watch.pid()));
            }
        }
        daemon.write("late", 1);
        for (var watch : watches) {
            daemon.run("kill", "-CONT", Long.toString(watch.pid()));
            assertThat(watch.waitFor()).isZero();
        }
    }

    @Test
    void aWatchWhoseReaderIsASocketEndsWithItToo() throws Exception {
        daemon.create("socket");
        var ran =
                Ran.of(
                        daemon.begin(
                                "python3",
                                "-c",
                                """
                                import socket, subprocess, sys
                                mine, its = socket.socketpair()
                                child = subprocess.Popen(sys.argv[1:], stdout=its)
                                its.close()
                                print(mine.recv(10).decode().strip())
                                mine.close()
                                print(child.wait(60))
                                """,
                                DaemonProcess.launcher().toString(),
                                "watch",
                                "--runtime-dir",
                                daemon.directory().toString(),
                                "socket"));
        assertThat(ran).isEqualTo(new Ran(0, "0\n0"));
    }

    @Test
    void aCommandWorksInADirectoryThatIsGone() throws Exception {
        var gone = daemon.file("gone");
        var errors = daemon.file("errors");
        var line = "mkdir %1$s && cd %1$s && rmdir %1$s && $eventfdd ".formatted(gone);
        daemon.create("here");
        for (var command : List.of("ping", "ls", "completion zsh", "exec here -- true")) {
            var ran = shell(line + command + " 2>" + errors);
            assertThat(ran.status()).as(command).isZero();
            assertThat(Files.readAllLines(errors))
                    .as(command)
                    .allMatch(each -> each.contains("getcwd"));
        }
    }

    @Test
    void aCommandWorksWithWhatOthersTellEveryJvm() throws Exception {
        for (var variable :
                List.of(
                        "JAVA_TOOL_OPTIONS=-XX:+UseG1GC",
                        "JAVA_TOOL_OPTIONS='-XX:+UseParallelGC -Xmx64m'",
                        "JAVA_TOOL_OPTIONS='-Xmx256m -XX:+UseZGC'",
                        "JAVA_TOOL_OPTIONS=-Xshare:off",
                        "JAVA_TOOL_OPTIONS=-XX:SharedArchiveFile=/nowhere",
                        "JAVA_TOOL_OPTIONS=-Xrs",
                        "JDK_JAVA_OPTIONS=-XX:+UseG1GC",
                        "_JAVA_OPTIONS=-XX:+UseG1GC")) {
            var ran = shell(variable + " $eventfdd ping 2>/dev/null");
            assertThat(ran.status()).as(variable).isZero();
            assertThat(ran.output()).startsWith("eventfdd ");
        }
    }

    @Test
    void theDaemonStartsWithThemToo() throws Exception {
        var collector = List.of("env", "JAVA_TOOL_OPTIONS=-XX:+UseG1GC");
        try (var own = DaemonProcess.startUnder(collector)) {
            assertThat(own.log()).contains("-XX:+UseG1GC");
            assertThat(Ran.eventfdd(own, "ping").status()).isZero();
        }
    }

    @Test
    void howLongTheDaemonMayTakeToAnswerCanBeSaid() throws Exception {
        try (var own = DaemonProcess.start()) {
            own.signal("STOP");
            var ran = Ran.eventfdd(own, "ls", "--answer-timeout", "50ms");
            own.signal("CONT");
            assertThat(ran.status()).isEqualTo(69);
            assertThat(ran.output()).contains("the daemon did not answer in time");
            assertThat(Ran.eventfdd(own, "ls", "--answer-timeout", "0s").status()).isEqualTo(2);
            // A wait is not cut short by it.
            own.create("slow");
            assertThat(
                            Ran.eventfdd(
                                            own,
                                            "read",
                                            "--answer-timeout",
                                            "5s",
                                            "--timeout",
                                            "10ms",
                                            "slow")
                                    .status())
                    .isEqualTo(124);
        }
    }
}
