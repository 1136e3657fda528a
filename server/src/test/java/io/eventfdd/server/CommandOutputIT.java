package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.JsonText;
import io.eventfdd.server.testing.Ran;
import io.eventfdd.server.testing.SharedDaemon;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What commands do if their output cannot be written, or nobody reads it any more. */
@Timeout(300)
@ExtendWith(SharedDaemon.class)
class CommandOutputIT {
    private static final String FULL = "/dev/full";

    private final DaemonProcess daemon;

    CommandOutputIT(DaemonProcess daemon) {
        this.daemon = daemon;
    }

    private String count(String name) {
        return daemon.state(name).path("count").asText();
    }

    @Test
    void whatWasReadAndCannotBePrintedGoesBack() throws Exception {
        daemon.create("unprinted", "{\"initial\":7}");
        daemon.create("permits", "{\"semaphore\":true,\"initial\":2}");
        var ran = daemon.shell("$eventfdd read unprinted >" + FULL);
        assertThat(ran)
                .isEqualTo(
                        new Ran(
                                1,
                                "eventfdd: cannot write to standard output: No space left on"
                                        + " device; 7 was written back to unprinted"));
        assertThat(count("unprinted")).isEqualTo("7");
        assertThat(daemon.shell("$eventfdd read permits >" + FULL).status()).isEqualTo(1);
        assertThat(daemon.shell("$eventfdd read permits >&-").status()).isEqualTo(1);
        assertThat(count("permits")).isEqualTo("2");
    }

    @Test
    void soDoesWhatAWaitOnManyTook() throws Exception {
        daemon.create("one", "{\"initial\":5}");
        daemon.create("other", "{\"semaphore\":true,\"initial\":3}");
        for (var how : List.of("--any", "--all", "-o json")) {
            var ran = daemon.shell("$eventfdd wait --consume " + how + " one other >" + FULL);
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
                daemon.shell(
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

    @ParameterizedTest
    @ValueSource(strings = {" >" + FULL, " >&-"})
    void everyCommandTellsThatItsOutputCouldNotBeWritten(String nowhere) throws Exception {
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
            var ran = daemon.shell("$eventfdd " + command + nowhere);
            assertThat(ran.status()).as(command + nowhere + ": " + ran.output()).isEqualTo(1);
            assertThat(ran.output())
                    .startsWith("eventfdd: cannot write to standard output: ")
                    .hasLineCount(1);
        }
    }

    @Test
    void aCommandThatPrintsNothingNeedsNoOutput() throws Exception {
        daemon.create("mute");
        assertThat(daemon.shell("$eventfdd write mute 3 >" + FULL)).isEqualTo(new Ran(0, ""));
        assertThat(daemon.shell("$eventfdd write mute 3 <&- >&- 2>&-")).isEqualTo(new Ran(0, ""));
        assertThat(count("mute")).isEqualTo("6");
    }

    @Test
    void aClosedStreamIsNotTakenForAFileOfJavas() throws Exception {
        daemon.create("closed");
        assertThat(daemon.shell("$eventfdd exec closed -- sh -c 'readlink /proc/self/fd/0' <&-"))
                .isEqualTo(new Ran(0, "/dev/null"));
        assertThat(daemon.shell("$eventfdd stat nowhere 2>&-").status()).isEqualTo(3);
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
        assertThat(daemon.shell("set -o pipefail; $eventfdd watch quiet | head -n 1"))
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
    void aTerminalGetsColumnsWhateverStandardInputIs() throws Exception {
        assumeTrue(Ran.isThere("script"), "SKIP: there is no script(1) here");
        daemon.create("column");
        for (var input : List.of("", " </dev/null")) {
            var line = "SHELL=/bin/sh script -qec '$eventfdd ls column" + input + "' /dev/null";
            assertThat(daemon.shell(line).output().lines().map(String::stripTrailing))
                    .as(line)
                    .hasSize(2)
                    .first()
                    .asString()
                    .matches("NAME +COUNT +KIND .* LEASED");
        }
        assertThat(daemon.shell("$eventfdd ls column </dev/null").output())
                .startsWith("column\t0\t");
    }

    @Test
    void jsonIsTheSameInEveryLocale() throws Exception {
        daemon.create("greeted", "{\"semaphore\":true,\"initial\":1}");
        var holder =
                daemon.beginShell(
                        "exec $eventfdd run greeted -- bash -c"
                                + " 'exec -a $(printf \"gr\\303\\274n\") sleep 300'");
        try {
            for (var locale : List.of("C", "C.UTF-8")) {
                var line = "LC_ALL=" + locale + " $eventfdd leases -o json greeted";
                until(() ->
                        JsonText.parse(output(line))
                                .at("/leases/0/command")
                                .asText()
                                .equals("gr\u00fcn 300"));
            }
        } finally {
            holder.destroy();
        }
    }

    private String output(String line) {
        try {
            return daemon.shell(line).output();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aProcessWithoutACommandLineHasADashInItsColumn() throws Exception {
        daemon.create("nameless", "{\"semaphore\":true,\"initial\":1}");
        var parent = daemon.begin("python3", "-c", CHILD_THAT_ENDED, daemon.api().toString());
        try (var told = new BufferedReader(parent.inputReader())) {
            assertThat(told.readLine()).isEqualTo("leased");
            var columns = daemon.shell("$eventfdd leases nameless").output().split("\t", -1);
            assertThat(columns[3]).isEqualTo("-");
        } finally {
            parent.destroy();
        }
    }

    /** Has a child that takes a lease and ends, and that nobody waits for. */
    private static final String CHILD_THAT_ENDED =
            """
            import os, socket, sys, time
            if os.fork() == 0:
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(sys.argv[1])
                body = b'{"take":[{"name":"nameless"}],"holder":"1h"}'
                connection.sendall(
                    b"POST /v1/leases HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/json\\r\\n"
                    b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
                connection.recv(65536)
                os._exit(0)
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            print("leased", flush=True)
            time.sleep(300)
            """;
}
