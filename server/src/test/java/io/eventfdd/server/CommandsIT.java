package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.server.cli.Completion;
import io.eventfdd.server.cli.ExitStatus;
import io.eventfdd.server.testing.BridgeProcess;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;
import io.eventfdd.server.testing.SharedDaemon;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;

/** Every command as a process of its own: what it prints, and how it ends. */
@ExtendWith(SharedDaemon.class)
class CommandsIT {
    private final DaemonProcess daemon;

    CommandsIT(DaemonProcess daemon) {
        this.daemon = daemon;
    }

    private Process begin(String command, String... arguments) throws IOException {
        return Ran.begin(daemon, command, arguments);
    }

    private Ran run(String command, String... arguments) throws Exception {
        return Ran.eventfdd(daemon, command, arguments);
    }

    @Test
    void pingTellsTheVersionAndThePlace() throws Exception {
        assertThat(run("ping").output())
                .startsWith("eventfdd ")
                .endsWith(daemon.directory().toString());
    }

    @Test
    void everyCommandTellsTheVersion() throws Exception {
        assertThat(run("ping", "--version").output()).startsWith("eventfdd ");
    }

    @Test
    void whereNoDaemonAnswersIsSixtyNineAndNamesThePlace() throws Exception {
        var nowhere =
                Ran.of(
                        daemon.begin(
                                DaemonProcess.launcher().toString(),
                                "ping",
                                "--runtime-dir",
                                "/nowhere"));
        assertThat(nowhere.status()).isEqualTo(69);
        assertThat(nowhere.output()).contains("/nowhere").doesNotContain("Exception");
    }

    @Test
    void whereNoPlaceOfADaemonExistsItNamesThemAndSaysWhatToDo() throws Exception {
        var launcher = DaemonProcess.launcher().toString();
        var ran =
                Ran.of(
                        daemon.begin(
                                "env",
                                "-u",
                                "EVENTFDD_RUNTIME_DIR",
                                "RUNTIME_DIRECTORY=/nowhere",
                                "XDG_RUNTIME_DIR=/neither",
                                launcher,
                                "ping"));
        assumeTrue(
                ran.status() != 0 && !ran.output().contains("answers"),
                "another daemon of this machine is in one of the usual places");
        assertThat(ran.status()).isEqualTo(69);
        assertThat(ran.output())
                .startsWith(
                        "eventfdd: no daemon found: /nowhere, /run/eventfdd, /neither/eventfdd,")
                .contains("Start one with \"eventfdd serve\"", "EVENTFDD_RUNTIME_DIR");
    }

    @Test
    void aUserWhoMayNotUseTheSocketsIsToldSoAndWhoMay() throws Exception {
        assumeTrue(OpenFiles.effectiveUser() == 0, "only root can be another user");
        var ran = Ran.of(Ran.beginUnder(Ran.asUser(20004, 30002), daemon, "ping"));
        assertThat(ran).isEqualTo(new Ran(4, ran.output()));
        assertThat(ran.output())
                .startsWith("eventfdd: this user may not use " + daemon.api())
                .doesNotContain("no daemon");
    }

    @Test
    void aCountIsWrittenSeenAndRead() throws Exception {
        assertThat(run("create", "--initial", "2", "orders")).isEqualTo(new Ran(0, "orders"));
        assertThat(run("write", "orders", "18446744073709551612")).isEqualTo(new Ran(0, ""));
        assertThat(run("stat", "orders").output())
                .startsWith(
                        "name\torders\ncount\t18446744073709551614\nkind\tcounter\nmode\t0660\n");
        assertThat(run("write", "orders").status()).isEqualTo(5);
        assertThat(run("read", "orders")).isEqualTo(new Ran(0, "18446744073709551614"));
        assertThat(run("read", "--timeout", "0s", "orders")).isEqualTo(new Ran(124, ""));
        assertThat(run("rm", "orders").status()).isZero();
        assertThat(run("stat", "orders").status()).isEqualTo(3);
    }

    @Test
    void aListIsATableOrJson() throws Exception {
        run("create", "--semaphore", "list.a");
        run("create", "--blocking", "--mode", "0600", "list.b");
        var table = run("ls", "list.").output().lines().toList();
        assertThat(table).hasSize(2);
        assertThat(table.get(0)).startsWith("list.a\t0\tsemaphore\t0660\t");
        assertThat(table.get(1)).startsWith("list.b\t0\tcounter,blocking\t0600\t");
        var json = new ObjectMapper().readTree(run("ls", "-o", "json", "list.").output());
        assertThat(json.at("/eventfds/0/name").asText()).isEqualTo("list.a");
        assertThat(json.at("/eventfds/1/nonblocking").asBoolean()).isFalse();
    }

    @Test
    void aWaitOnManyEndsWithThoseThatAreReadable() throws Exception {
        daemon.create("left");
        daemon.create("right");
        var any = begin("wait", "--consume", "left", "right");
        until(() -> daemon.waiters("right") == 1);
        run("write", "right", "7");
        assertThat(Ran.of(any)).isEqualTo(new Ran(0, "right\t7"));
        assertThat(run("wait", "--all", "--timeout", "10ms", "left", "right").status())
                .isEqualTo(124);
        assertThat(run("wait", "--all", "--any", "left").status()).isEqualTo(2);
    }

    @Test
    void aTimeoutThatIsTooLongNamesTheCommandsOwnLimit() throws Exception {
        var ran = run("read", "--timeout", "99999h", "a");
        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.output()).contains("'99999h' is longer than 3650 days");
    }

    @Test
    void wrongUseIsTwoAndNamesWhatWasWrong() throws Exception {
        for (var wrong :
                List.of(
                        List.of("create", "--colour", "red", "a"),
                        List.of("write", "a", "-3"),
                        List.of("write", "a", "0"),
                        List.of("read", "--timeout", "5", "a"),
                        List.of("create", "a/b"),
                        List.of("leases", ""))) {
            var ran = run(wrong.getFirst(), wrong.subList(1, wrong.size()).toArray(String[]::new));
            assertThat(ran.status()).as(wrong + ": " + ran.output()).isEqualTo(2);
            assertThat(ran.output()).startsWith("eventfdd: ").doesNotContain("Exception", "at io.");
        }
    }

    @Test
    void rmGoesOnBehindOneThatItCannotDelete() throws Exception {
        daemon.create("rm.first");
        daemon.create("rm.last");
        var ran = run("rm", "rm.first", "rm.no", "", "rm.last", "rm.neither");
        assertThat(ran.status()).as(ran.output()).isEqualTo(3);
        assertThat(ran.output().lines().map(line -> line.split(":", 2)[0]).distinct())
                .containsExactly("eventfdd");
        assertThat(ran.output()).containsSubsequence("rm.no", "''", "rm.neither");
        assertThat(run("ls", "rm.")).isEqualTo(new Ran(0, ""));
    }

    @Test
    void aWrongSettingIsWrongUse() throws Exception {
        var links = daemon.file("wrong-links.yaml");
        Files.writeString(links, "host: here\nlinks: []\n");
        var port = daemon.file("wrong-port.yaml");
        Files.writeString(
                port,
                BridgeProcess.yaml(
                        "nats://127.0.0.1:1",
                        "here",
                        "- export: {name: a, subject: a}\nobservability-port: 99999\n"));
        var settings = daemon.file("wrong-settings.yaml");
        Files.writeString(settings, "max-wait: 0s\n");
        for (var wrong :
                List.of(
                        List.of("serve", "--max-wait", "0s"),
                        List.of("serve", "--config", settings.toString()),
                        List.of("serve", "--config", "/nowhere"),
                        List.of("bridge", "--config", links.toString()),
                        List.of("bridge", "--config", links.toString(), "--check"),
                        List.of("bridge", "--config", port.toString()),
                        List.of("bridge", "--config", "/nowhere"))) {
            var ran = run(wrong.getFirst(), wrong.subList(1, wrong.size()).toArray(String[]::new));
            assertThat(ran.status()).as(wrong + ": " + ran.output()).isEqualTo(2);
            assertThat(ran.output()).startsWith("eventfdd: ").doesNotContain("Exception", "at io.");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "observability-port: 99999",
                "observability-address: 0.0.0.0",
                "log-level: loud",
                "log-format: xml",
                "longest-absence: 1s"
            })
    void whatIsWrongInALinksFileIsToldWithItsName(String line) throws Exception {
        var links = daemon.file("wrong-line.yaml");
        Files.writeString(
                links,
                BridgeProcess.yaml(
                        "nats://127.0.0.1:1", "here", "- export: {name: a, subject: a}\n" + line));
        var key = line.substring(0, line.indexOf(':'));
        assertThat(run("bridge", "--config", links.toString()).output())
                .startsWith("eventfdd: " + links + ": " + key);
    }

    @Test
    void anEmptyVariableNamesNoFileOfSettings() throws Exception {
        var serve =
                daemon.begin(
                        "env",
                        "EVENTFDD_CONFIG=",
                        DaemonProcess.launcher().toString(),
                        "serve",
                        "--max-wait=0s");
        assertThat(Ran.of(serve)).isEqualTo(new Ran(2, "eventfdd: max-wait: 0s is not 1s to 24h"));
    }

    @ParameterizedTest
    @CsvSource({
        "serve, --runtime-dir=",
        "serve, --config=",
        "ping, --runtime-dir=",
        "bridge, --config="
    })
    void anEmptyPathIsNoneAndNotTheCurrentDirectory(String command, String option)
            throws Exception {
        var ran = Ran.of(daemon.begin(DaemonProcess.launcher().toString(), command, option));
        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.output()).contains("'' is not a path");
    }

    @Test
    void anInitialCountIsNamedAsItWasGiven() throws Exception {
        assertThat(run("create", "--initial=4294967296", "a"))
                .isEqualTo(new Ran(2, "eventfdd: initial: 4294967296 is not 0 to 4294967295"));
        assertThat(run("create", "--initial=99999999999999999999", "a").output())
                .contains("'--initial': 99999999999999999999 is too large");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "+1", "1e3", "\u0663", " 1", ""})
    void aNumberIsDigitsOfAsciiInEveryCommand(String number) throws Exception {
        daemon.create("numbers", "{\"initial\":1}");
        for (var command :
                List.of(
                        List.of("create", "--initial", number, "a"),
                        List.of("watch", "-n", number, "numbers"),
                        List.of("write", "numbers", number))) {
            var words = command.subList(1, command.size()).toArray(String[]::new);
            var ran = run(command.getFirst(), words);
            assertThat(ran.status()).as(command + ": " + ran.output()).isEqualTo(2);
            assertThat(ran.output()).contains("not a decimal number: '");
        }
        daemon.request().get("/v1/eventfds/numbers").then().body("count", equalTo(1));
    }

    @Test
    void aWordThatMeansNothingIsNamedThoughAnotherIsMissingForIt() throws Exception {
        assertThat(run("create", "-x").output()).startsWith("eventfdd: Unknown option: '-x'\n");
        assertThat(run("read", "--max", "2", "a").output())
                .startsWith("eventfdd: Unknown option: '--max'\n");
        assertThat(run("run", "--on-deaht=a").output())
                .startsWith("eventfdd: Unknown option: '--on-deaht=a'\n");
        assertThat(run("create", "--initial").output()).contains("for option '--initial'");
        assertThat(run("ls", "a", "b").output())
                .startsWith("eventfdd: Unexpected argument: 'b'\nTry: eventfdd ls --help");
        assertThat(run("-x").output()).startsWith("eventfdd: Unknown option: '-x'\n");
    }

    @Test
    void anUnknownCommandIsNamedWithTheOneThatIsMeant() throws Exception {
        assertThat(run("raed").output())
                .startsWith("eventfdd: no command \"raed\"; did you mean read?");
        assertThat(Ran.of(daemon.begin(DaemonProcess.launcher().toString(), "--", "ls")).output())
                .startsWith("eventfdd: a -- stands before the command \"ls\"\n");
        assertThat(run("\033[31mx").output()).doesNotContain("\033");
        assertThat(run("sevre").output()).contains("did you mean serve?");
        var nonsense = run("nonsense");
        assertThat(nonsense.status()).isEqualTo(2);
        assertThat(nonsense.output())
                .startsWith("eventfdd: no command \"nonsense\"\n")
                .doesNotContain("did you mean", "Exception", "at io.");
        assertThat(run("rehears").output()).doesNotContain("did you mean");
    }

    @Test
    void withoutACommandItPrintsTheHelpAndFails() throws Exception {
        var ran = Ran.of(daemon.begin(DaemonProcess.launcher().toString()));
        assertThat(ran.status()).isEqualTo(2);
        for (var command : Completion.commands(Main.commandLine().getCommandSpec())) {
            assertThat(
                            ran.output()
                                    .lines()
                                    .filter(line -> line.startsWith("  " + command.name() + " ")))
                    .as("lines about " + command.name())
                    .hasSize(1)
                    .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
        }
    }

    @Test
    void aWaitTellsWhatWasReadyAsJsonToo() throws Exception {
        daemon.create("ready", "{\"initial\":3}");
        assertThat(run("wait", "-o", "json", "ready").output())
                .isEqualTo("{\"ready\":[{\"name\":\"ready\",\"count\":3}]}");
        assertThat(run("wait", "-o", "json", "--consume", "ready").output())
                .isEqualTo("{\"ready\":[{\"name\":\"ready\",\"value\":3}]}");
    }

    @Test
    void aWatchPrintsEachCountAtOnceAndEndsWithTheEventfd() throws Exception {
        daemon.create("seen", "{\"initial\":1}");
        var watch = begin("watch", "seen");
        try (var counts = new BufferedReader(watch.inputReader())) {
            assertThat(counts.readLine()).isEqualTo("1");
            run("write", "seen", "18446744073709551613");
            // the same count may be told twice
            assertThat(counts.lines().dropWhile("1"::equals).findFirst())
                    .hasValue("18446744073709551614");
            run("rm", "seen");
            assertThat(counts.lines().reduce((first, last) -> last).orElseThrow())
                    .startsWith("eventfdd: ")
                    .contains("seen was deleted");
        }
        assertThat(watch.waitFor()).isEqualTo(7);
    }

    @Test
    void aWatchEndsAfterSoManyCountsOrSoMuchTimeOrWithItsReader() throws Exception {
        daemon.create("seldom");
        assertThat(run("watch", "-n", "1", "-o", "json", "seldom"))
                .isEqualTo(new Ran(0, "{\"name\":\"seldom\",\"count\":0}"));
        assertThat(run("watch", "--timeout", "10ms", "seldom").status()).isEqualTo(124);
        assertThat(run("watch", "-n", "0", "seldom").status()).isEqualTo(2);
        assertThat(run("watch", "nowhere").status()).isEqualTo(3);
        var unread = begin("watch", "seldom");
        try (var counts = new BufferedReader(unread.inputReader())) {
            assertThat(counts.readLine()).isEqualTo("0");
        }
        daemon.write("seldom", 1);
        assertThat(unread.waitFor()).isZero();
    }

    @Test
    void aCheckOfTheBridgeTellsWhatItFoundBeforeItFailed() throws Exception {
        var file = daemon.file("links.yaml");
        Files.writeString(
                file,
                """
                host: here
                nats: {servers: ["nats://127.0.0.1:1"]}
                links:
                  - export: {name: linked, subject: linked}
                """);
        var ran = run("bridge", "--config", file.toString(), "--check");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.output()).startsWith("daemon ").contains("eventfdd: ");
    }

    @Test
    void everyExitStatusIsInTheOneTable() {
        assertThat(ProblemType.values())
                .allSatisfy(type ->
                        assertThat(ExitStatus.values())
                                .extracting(ExitStatus::code)
                                .contains(type.exitCode()));
        assertThat(Arrays.stream(ExitStatus.values()).map(ExitStatus::code))
                .doesNotHaveDuplicates();
    }

    @Test
    void everyCommandHasHelpThatSpeaksOfItWithAnExample() throws Exception {
        var help = new HashMap<String, String>();
        for (var command : Completion.commands(Main.commandLine().getCommandSpec())) {
            var name = command.name();
            var ran = Ran.of(daemon.begin(DaemonProcess.launcher().toString(), name, "--help"));
            assertThat(ran.output()).contains("Usage: eventfdd " + name, "Example: ");
            help.put(name, ran.output());
            var about = command.usageMessage().description()[0];
            var synopsis = ran.output().substring(0, ran.output().indexOf(about));
            assertThat(command.options())
                    .filteredOn(option -> !option.usageHelp() && !option.versionHelp())
                    .as(name)
                    .allSatisfy(option -> assertThat(synopsis).contains(option.names()[0]));
            assertThat(synopsis.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThan(81));
        }
        assertThat(help.get("write")).contains("wait for room").doesNotContain("ever");
        assertThat(help.get("read")).contains("for ever").doesNotContain("write");
    }
}
