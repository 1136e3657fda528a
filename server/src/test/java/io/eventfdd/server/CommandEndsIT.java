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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** How commands end by a signal, or because the daemon has gone. */
@Timeout(300)
class CommandEndsIT {
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

    private static void awaitWaiter(String name) {
        until(() -> daemon.waiters(name) == 1);
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
            var script = daemon.beginShell("exec setsid bash -c '" + loop + "; echo loop done'");
            awaitWaiter("looped");
            daemon.run("kill", "-INT", "--", "-" + script.pid());
            assertThat(Ran.of(script)).as(loop).isEqualTo(new Ran(130, ""));
            until(() -> daemon.waiters("looped") == 0);
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
    void howLongTheDaemonMayTakeToAnswerCanBeSaid() throws Exception {
        try (var own = DaemonProcess.start()) {
            own.signal("STOP");
            var ran = Ran.eventfdd(own, "ls", "--answer-timeout", "50ms");
            var exec =
                    Ran.eventfdd(own, "exec", "--answer-timeout", "1500ms", "slow", "--", "true");
            own.signal("CONT");
            assertThat(ran.status()).isEqualTo(69);
            assertThat(ran.output()).contains("the daemon did not answer in time");
            assertThat(exec).isEqualTo(new Ran(69, exec.output()));
            assertThat(exec.output()).endsWith("there was no answer in 1500ms");
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
