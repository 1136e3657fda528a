package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.server.cli.Completion;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the distribution has for shells and for man(1), tried with those programs themselves. */
@Timeout(300)
class ShellsIT {
    private static final Path HOME = DaemonProcess.launcher().getParent().getParent();

    private static DaemonProcess daemon;

    @BeforeAll
    static void start() throws Exception {
        daemon = DaemonProcess.start();
        daemon.create("orders");
    }

    @AfterAll
    static void stop() throws IOException {
        daemon.close();
    }

    private static Ran run(String... command) throws Exception {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("EVENTFDD_RUNTIME_DIR", daemon.directory().toString());
        builder.environment().merge("PATH", HOME + "/bin", (path, bin) -> bin + ":" + path);
        return Ran.of(builder.start());
    }

    private static String file(String path) {
        return HOME.resolve("share").resolve(path).toString();
    }

    private static void assumeThere(String program) {
        assumeTrue(Ran.isThere(program), () -> "SKIP: there is no " + program + " here");
    }

    /** Completes the words of its arguments, of which the last is at the cursor. */
    private static final String BASH =
            """
            source "$1"
            compopt() { COMPREPLY=("$@"); } # works only where a person presses a key
            try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _eventfdd; echo "${COMPREPLY[*]}"; }
            """;

    private static Ran bash(String script) throws Exception {
        assumeThere("bash");
        var file = file("bash-completion/completions/eventfdd");
        return run("bash", "-c", BASH + script, "bash", file);
    }

    @Test
    void bashCompletesCommandsOptionsChoicesAndNames() throws Exception {
        var script =
                """
                complete -p eventfdd
                try eventfdd st
                try eventfdd stat --runt
                try eventfdd ls -o ''
                # until the daemon answers as soon as completion wants
                until [[ $(try eventfdd write o) ]]; do :; done
                try eventfdd write o
                try eventfdd write --runtime-dir /nowhere o
                """;
        assertThat(bash(script).output().lines())
                .containsExactly(
                        "complete -F _eventfdd eventfdd",
                        "stat",
                        "--runtime-dir",
                        "text json",
                        "orders");
    }

    @Test
    void bashCompletesNamesWhereverOneCanStand() throws Exception {
        var script =
                """
                names() { [[ $* == *" --runtime-dir /x" ]] && echo elsewhere || echo name; }
                eventfdd() { names "$@"; }
                try eventfdd run --on-death ''
                try eventfdd run --on-death = ''
                try eventfdd run a = 2 ''
                try eventfdd rm a ''
                try eventfdd stat --output = json ''
                try eventfdd stat -- ''
                try eventfdd write --runtime-dir /x ''
                try eventfdd write --runtime-dir = /x ''
                """;
        assertThat(bash(script).output().lines().toList())
                .isEqualTo(
                        List.of(
                                "name",
                                "name",
                                "name",
                                "name",
                                "name",
                                "name",
                                "elsewhere",
                                "elsewhere"));
        var nowhere =
                """
                eventfdd() { echo name; }
                try eventfdd write a ''
                try eventfdd write --timeout ''
                try eventfdd run a =
                try eventfdd run a = 2
                try eventfdd wait --timeout ''
                try eventfdd ping ''
                """;
        assertThat(bash(nowhere)).isEqualTo(new Ran(0, ""));
    }

    @Test
    void bashCompletesTheValuesOfOptions() throws Exception {
        var script =
                """
                try eventfdd ls --output =
                try eventfdd ls --output = j
                try eventfdd serve --log-level ''
                try eventfdd serve --observability-address ''
                try eventfdd serve --config ''
                try eventfdd serve --runtime-dir ''
                """;
        assertThat(bash(script).output().lines().toList())
                .isEqualTo(
                        List.of(
                                "text json",
                                "json",
                                "error warning info debug",
                                "127.0.0.1 ::1",
                                "-o default",
                                "-o dirnames"));
    }

    @Test
    void bashTakesNoArgumentForACommand() throws Exception {
        var script =
                """
                try eventfdd stat bridge --
                try eventfdd exec serve --no
                """;
        assertThat(bash(script).output().lines().toList())
                .isEqualTo(
                        List.of(
                                "--help --version --runtime-dir --answer-timeout --output",
                                "--no-listen-fds"));
    }

    @Test
    void bashCompletesTheProgramAsItIsCompletedAlone() throws Exception {
        var script =
                """
                [[ " $(try eventfdd run a = 2 -- ech) " == *" echo "* ]] && echo found
                try eventfdd exec a -- cat ''
                _command_offset() { COMPREPLY=("from $1"); }
                try eventfdd run a = 2 -- cat ''
                """;
        assertThat(bash(script).output().lines().toList())
                .isEqualTo(List.of("found", "-o default", "from 6"));
    }

    @Test
    void fishCompletesCommandsOptionsChoicesAndNames() throws Exception {
        assumeThere("fish");
        var script =
                """
                source $argv[1]
                while test -z (complete -C 'eventfdd write o' | string collect)
                end
                for line in 'eventfdd st' 'eventfdd stat --runt' 'eventfdd completion ' 'eventfdd write o' 'eventfdd write --runtime-dir /nowhere o'
                    complete -C $line | cut -f1
                end
                """;
        assertThat(fish(script).output().lines())
                .containsExactly("stat", "--runtime-dir", "bash", "fish", "zsh", "orders");
    }

    private static Ran fish(String script) throws Exception {
        var file = file("fish/vendor_completions.d/eventfdd.fish");
        return run("fish", "--no-config", "-c", script, file);
    }

    @Test
    void fishCompletesFilesChoicesAndPrograms() throws Exception {
        assumeThere("fish");
        var script =
                """
                source $argv[1]
                for line in 'eventfdd bridge --config /etc/passw' 'eventfdd serve --metrics-by-name ' 'eventfdd run a -- mkfif' 'eventfdd exec a -- cat /etc/passw' 'eventfdd stat bridge --conf'
                    complete -C $line | cut -f1 | string match -v '*-'
                end
                """;
        assertThat(fish(script).output().lines())
                .containsExactly("/etc/passwd", "off", "on", "mkfifo", "/etc/passwd");
    }

    @Test
    void zshCompletesCommandsOptionsChoicesAndNames() throws Exception {
        assumeThere("zsh");
        // In a terminal of its own, since only there zsh completes.
        var script =
                """
                zmodload zsh/zpty
                zpty -b terminal zsh -f -i
                await() {
                    local seen= chunk
                    local -i i
                    for ((i = 0; i < 600; i++)); do
                        if zpty -r -t terminal chunk; then
                            seen+=$chunk
                            [[ $seen != *$1* ]] || { print "saw $1"; return }
                        else
                            sleep 0.05
                            ((i % 40)) || [[ -z ${2-} ]] || zpty -n -w terminal $'\\t'
                        fi
                    done
                    print -r -- "no $1 in $seen"
                }
                zpty -w terminal "autoload -U compinit; compinit -D; source $1; print LOAD''ED"
                await LOADED
                zpty -n -w terminal $'eventfdd sta\\t'
                await 'stat'
                zpty -n -w terminal $'--runt\\t'
                await '--runtime-dir'
                zpty -n -w terminal $'\\C-ueventfdd completion f\\t'
                await 'fish'
                zpty -n -w terminal $'\\C-ueventfdd serve --log-level=warn\\t'
                await 'warning'
                zpty -n -w terminal $'\\C-ueventfdd serve --observability-address :\\t'
                await '::1'
                zpty -n -w terminal $'\\C-ueventfdd run a -- mkfif\\t'
                await 'mkfifo'
                zpty -n -w terminal $'\\C-ueventfdd write o\\t'
                await 'orders' '\\t'
                """;
        var ran = run("zsh", "-f", "-c", script, "zsh", file("zsh/site-functions/_eventfdd"));
        assertThat(ran.output().lines())
                .containsExactly(
                        "saw LOADED",
                        "saw stat",
                        "saw --runtime-dir",
                        "saw fish",
                        "saw warning",
                        "saw ::1",
                        "saw mkfifo",
                        "saw orders");
    }

    @Test
    void zshCompletesWithoutCompinitToo() throws Exception {
        assumeThere("zsh");
        var script = "source $1; print ${+functions[compdef]} ${_comps[eventfdd]}";
        assertThat(run("zsh", "-f", "-c", script, "zsh", file("zsh/site-functions/_eventfdd")))
                .isEqualTo(new Ran(0, "1 _eventfdd"));
        assertThat(run("zsh", "-f", "-c", "source <(eventfdd completion zsh)"))
                .isEqualTo(new Ran(0, ""));
    }

    @Test
    void aDaemonThatDoesNotAnswerIsNotWaitedFor() throws Exception {
        assumeThere("bash");
        daemon.signal("STOP");
        try {
            // The time limit of other commands is 10 s.
            var script = BASH + "try eventfdd stat ''; echo completed";
            var file = file("bash-completion/completions/eventfdd");
            assertThat(run("timeout", "9", "bash", "-c", script, "bash", file))
                    .isEqualTo(new Ran(0, "completed"));
        } finally {
            daemon.signal("CONT");
        }
        for (var shell : Completion.values()) {
            assertThat(Files.readString(Path.of(file(shell.file().toString()))))
                    .contains("ls --answer-timeout 500ms");
        }
    }

    @Test
    void theCommandPrintsTheSameAsTheFiles() throws Exception {
        for (var shell : Completion.values()) {
            var printed = run(DaemonProcess.launcher().toString(), "completion", shell.name());
            assertThat(printed.output() + "\n")
                    .isEqualTo(Files.readString(Path.of(file(shell.file().toString()))));
        }
        assertThat(run(DaemonProcess.launcher().toString(), "completion", "tcsh").status())
                .isEqualTo(2);
    }

    @Test
    void theManualHasAPageForEachCommandAndNoneHasAnError() throws Exception {
        var pages = HOME.resolve("share/man");
        try (var files = Files.walk(pages)) {
            var all = files.filter(Files::isRegularFile).map(Path::toString).sorted().toList();
            assertThat(all).contains(file("man/man1/eventfdd.1"), file("man/man5/eventfdd.yaml.5"));
            for (var command : Completion.commands(Main.commandLine().getCommandSpec())) {
                var name = command.name();
                assertThat(all).contains(file("man/man1/eventfdd-" + name + ".1"));
            }
            assumeThere("mandoc");
            for (var page : all) {
                assertThat(run("mandoc", "-T", "lint", "-W", "warning", page))
                        .isEqualTo(new Ran(0, ""));
            }
        }
    }
}
