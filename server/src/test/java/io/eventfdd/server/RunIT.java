package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.eventfdd.server.testing.Cat;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** {@code eventfdd run} becomes a program that holds permits, and all can see which one. */
@Timeout(300)
class RunIT {
    private static DaemonProcess daemon;

    private final List<Process> begun = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        daemon = DaemonProcess.start();
    }

    @AfterAll
    static void stop() throws IOException {
        daemon.close();
    }

    @BeforeEach
    void create() {
        daemon.create("slots", "{\"semaphore\":true,\"initial\":3}");
        daemon.create("died");
    }

    @AfterEach
    void delete() throws Exception {
        begun.forEach(Process::destroyForcibly);
        for (var process : begun) {
            process.waitFor();
        }
        daemon.delete("slots");
        daemon.delete("died");
    }

    private static Ran eventfdd(String command, String... arguments) throws Exception {
        return Ran.eventfdd(daemon, command, arguments);
    }

    private static Ran run(String... arguments) throws Exception {
        return eventfdd("run", arguments);
    }

    /** One that runs until the test ends it. */
    private Process begin(String... arguments) throws IOException {
        var process = Ran.begin(daemon, "run", arguments);
        begun.add(process);
        return process;
    }

    /** {@code process}, once it is sleep(1). */
    private Process beginSleeping(String... arguments) throws IOException {
        var words = new ArrayList<>(List.of(arguments));
        words.addAll(List.of("--", "sleep", "1000"));
        var process = begin(words.toArray(String[]::new));
        until(() -> process.info().command().orElse("").endsWith("/sleep"));
        return process;
    }

    private static void signal(Process process, String name) throws IOException {
        daemon.run("kill", "-" + name, Long.toString(process.pid()));
    }

    private static int state(String name, String field) {
        return daemon.state(name).path(field).asInt();
    }

    private static void untilFree(int permits) {
        until(() -> state("slots", "count") == permits && state("slots", "leased") == 3 - permits);
    }

    @Test
    void theProgramHoldsThePermitsAndItsEndIsItsOwn() throws Exception {
        assertThat(run("slots=2", "--", "sh", "-c", "exit 9").status()).isEqualTo(9);
        untilFree(3);
        var sleeping = beginSleeping("slots=2", "--on-death", "died=5");
        assertThat(state("slots", "count")).isEqualTo(1);
        assertThat(state("slots", "leased")).isEqualTo(2);
        assertThat(state("died", "count")).isZero();
        sleeping.destroyForcibly();
        assertThat(sleeping.waitFor()).as("by SIGKILL").isEqualTo(128 + 9);
        untilFree(3);
        until(() -> state("died", "count") == 5);
    }

    @Test
    void whatWasInheritedIsPassedOnAndNothingOfJava() throws Exception {
        var program = "sh -c 'ls -l /proc/$$/fd' 7</etc/hostname";
        var run = "\"$1\" run --runtime-dir \"$2\" slots -- ";
        assertThat(descriptors(run + program))
                .contains("7 -> /etc/hostname")
                .isEqualTo(descriptors(program));
    }

    @Test
    void theSignalsAreThoseThatWereGiven() throws Exception {
        var given = List.of("env", "--ignore-signal=HUP", "--block-signal=USR1", "cat");
        var line = new ArrayList<>(given.subList(0, 3));
        line.addAll(List.of(DaemonProcess.launcher().toString(), "run", "--runtime-dir"));
        line.addAll(List.of(daemon.directory().toString(), "slots", "--", "cat"));
        try (var run = Cat.of(daemon.begin(line.toArray(String[]::new)));
                var plain = Cat.of(daemon.begin(given.toArray(String[]::new)))) {
            assertThat(run.signals()).isEqualTo(plain.signals()).hasSize(2);
            assertThat(run.signals()).as("blocked: SIGUSR1").first().isEqualTo(1L << 9);
        }
    }

    /** Runs a program on a terminal of its own, and types Ctrl-C when it has printed a line. */
    private static final String INTERRUPTED_ON_A_TERMINAL =
            """
            import os, pty, sys
            pid, terminal = pty.fork()
            if pid == 0:
                os.execvp(sys.argv[1], sys.argv[1:])
            printed = os.fdopen(os.dup(terminal), 'rb').readline()
            os.write(terminal, b'\\x03')
            print(printed, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            """;

    @Test
    void theTerminalIsTheProgramsAndACtrlCEndsIt() throws Exception {
        assumeTrue(Ran.isThere("python3"), "SKIP: there is no python3 here");
        var program = List.of("sh", "-c", "stty -g; exec sleep 1000");
        var plain = interruptedOnATerminal(program);
        assertThat(plain).contains(":").endsWith("' -2");
        var line =
                new ArrayList<>(
                        List.of(
                                DaemonProcess.launcher().toString(),
                                "run",
                                "--runtime-dir",
                                daemon.directory().toString(),
                                "slots=2",
                                "--on-death",
                                "died",
                                "--"));
        line.addAll(program);
        assertThat(interruptedOnATerminal(line)).isEqualTo(plain);
        until(() -> state("died", "count") == 1);
        untilFree(3);
    }

    /** What {@code line} printed, and the number of the signal that ended it, below 0. */
    private static String interruptedOnATerminal(List<String> line) throws IOException {
        var command = new ArrayList<>(DaemonProcess.HEARING);
        command.addAll(List.of("python3", "-c", INTERRUPTED_ON_A_TERMINAL));
        command.addAll(line);
        return daemon.run(command.toArray(String[]::new)).strip();
    }

    /** What a program has open that a shell starts by {@code line}, which lists it. */
    private static List<String> descriptors(String line) throws IOException {
        var printed =
                daemon.run(
                        "sh",
                        "-c",
                        "exec " + line,
                        "sh",
                        DaemonProcess.launcher().toString(),
                        daemon.directory().toString());
        return printed.lines()
                .filter(one -> one.contains(" -> "))
                .map(one -> one.replaceFirst(".*:[0-9]+ ", "").replaceFirst("pipe:.*", "pipe"))
                .toList();
    }

    @Test
    void whoeverWaitsIsServedWhenTheHolderIsKilled() throws Exception {
        var holder = beginSleeping("slots=3");
        var next = begin("slots=3", "--", "sh", "-c", "echo it is mine");
        until(() -> state("slots", "waiters") == 1);
        holder.destroyForcibly();
        assertThat(Ran.of(next)).isEqualTo(new Ran(0, "it is mine"));
    }

    @Test
    void aChildThatIsLeftBehindHoldsNothing() throws Exception {
        var child =
                run("slots", "--", "sh", "-c", "sleep 1000 >/dev/null 2>&1 </dev/null & echo $!")
                        .output();
        untilFree(3);
        daemon.run("kill", child);
    }

    @Test
    void aWaitOutlastsARestartOfTheDaemon() throws Exception {
        var holder = beginSleeping("slots=3");
        var next = begin("slots=3", "--", "true");
        until(() -> state("slots", "waiters") == 1);
        // It waits for the next daemon for some seconds only, however long that takes to start.
        signal(next, "STOP");
        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).isZero();
        daemon.restart();
        signal(next, "CONT");
        assertThat(state("slots", "leased")).isEqualTo(3);
        holder.destroyForcibly();
        assertThat(next.waitFor()).isZero();
        untilFree(3);
    }

    @Test
    void whatIsNotThereInTimeIsToldAndNothingIsTaken() throws Exception {
        var holder = beginSleeping("slots=2");
        var late = run("--timeout", "10ms", "slots=2", "--", "echo", "too soon");
        assertThat(late)
                .isEqualTo(new Ran(124, "eventfdd: not all permits were there in time: slots=2"));
        assertThat(state("slots", "count")).isEqualTo(1);
        holder.destroyForcibly();
    }

    @Test
    void aProgramThatCannotBeRunKeepsNoPermitAndHasNoWill() throws Exception {
        var missing = run("--on-death", "died", "slots", "--", "no-such-program");
        assertThat(missing.status()).isEqualTo(127);
        assertThat(missing.output()).startsWith("eventfdd: no-such-program: ").contains("ENOENT");
        assertThat(state("slots", "count")).isEqualTo(3);
        var text = run("--on-death", "died", "slots", "--", "/etc/passwd");
        assertThat(text.status()).isEqualTo(126);
        assertThat(text.output()).contains("EACCES").doesNotContain("Exception");
        assertThat(state("slots", "count")).isEqualTo(3);
        assertThat(state("died", "count")).isZero();
    }

    @Test
    void wrongUseIsTold() throws Exception {
        assertThat(run("slots").output()).contains("Missing the program");
        assertThat(run("slots", "--").status()).isEqualTo(2);
        assertThat(run("--", "true").output()).contains("NAME[=N]");
        for (var amount : List.of("0", "x", "", "-1", "1025", "99999999999999999999")) {
            var ran = run("slots=" + amount, "--", "true");
            assertThat(ran.status()).as(ran.output()).isEqualTo(2);
            assertThat(ran.output())
                    .startsWith("eventfdd: slots: '" + amount + "' is not 1 to 1024");
        }
        assertThat(run("--on-death", "died=0", "--", "true").output())
                .startsWith("eventfdd: died: '0' is not 1 to 18446744073709551614");
        for (var wrong : List.of("=1", "died")) {
            var ran = run(wrong, "--", "true");
            assertThat(ran.status()).as(wrong + ": " + ran.output()).isEqualTo(2);
            assertThat(ran.output()).startsWith("eventfdd: ").doesNotContain("Exception");
        }
        assertThat(run("slots", "slots", "--", "true").status()).isEqualTo(2);
        assertThat(run("slots", "nothing", "--", "true").status()).isEqualTo(3);
        assertThat(run("--on-death", "nothing", "--", "true").status()).isEqualTo(3);
    }

    @Test
    void whoWaitsCanBeSeen() throws Exception {
        var holder = beginSleeping("slots=3");
        var next = begin("slots=2", "--", "true");
        until(() -> state("slots", "waiters") == 1);
        var stat = eventfdd("stat", "slots").output().lines().toList();
        assertThat(stat.get(stat.size() - 2)).startsWith("holder\t" + holder.pid() + "\t");
        var fields = List.of(stat.getLast().split("\t", -1));
        assertThat(fields).startsWith("lease", Long.toString(next.pid()));
        assertThat(fields.subList(3, 5)).containsExactly(System.getProperty("user.name"), "2");
        var json = new ObjectMapper().readTree(eventfdd("stat", "-o", "json", "slots").output());
        var waiter = json.path("waiting").get(0);
        assertThat(waiter.path("kind").asText()).isEqualTo("lease");
        assertThat(waiter.path("pid").asLong()).isEqualTo(next.pid());
        assertThat(waiter.path("amount").asInt()).isEqualTo(2);
        holder.destroyForcibly();
        assertThat(next.waitFor()).isZero();
    }

    @Test
    void whoHoldsWhatCanBeSeen() throws Exception {
        var holder = beginSleeping("slots=2", "--on-death", "died");
        var pid = Long.toString(holder.pid());
        var stat = eventfdd("stat", "slots").output().lines().toList();
        assertThat(stat).contains("name\tslots", "count\t1", "leased\t2");
        assertThat(stat).filteredOn(line -> line.startsWith("holder")).hasSize(1);
        assertThat(stat.getLast().split("\t", -1))
                .startsWith("holder", pid, "sleep 1000", System.getProperty("user.name"), "2");
        assertThat(eventfdd("stat", "died").output().lines())
                .as("it holds nothing there")
                .noneMatch(line -> line.startsWith("holder"));

        var leases = eventfdd("leases").output().lines().toList();
        assertThat(leases).hasSize(1);
        assertThat(leases.get(0).split("\t", -1))
                .contains("process", pid, "sleep 1000", "slots=2", "died=1", "-");
        assertThat(eventfdd("leases", "died").output().lines()).hasSize(1);
        assertThat(eventfdd("leases", "nothing").output()).isEmpty();

        JsonNode json = new ObjectMapper().readTree(eventfdd("leases", "-o", "json").output());
        var lease = json.path("leases").get(0);
        assertThat(lease.path("holder").path("pid").asLong()).isEqualTo(holder.pid());
        assertThat(lease.path("command").asText()).isEqualTo("sleep 1000");
        var held = new ObjectMapper().readTree(eventfdd("stat", "-o", "json", "slots").output());
        assertThat(held.path("leased").asInt()).isEqualTo(2);
        assertThat(held.path("holders").get(0).path("lease")).isEqualTo(lease.path("id"));
        assertThat(held.path("holders").get(0).path("amount").asInt()).isEqualTo(2);
    }
}
