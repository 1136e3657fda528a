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

    @Test
    void bashCompletesCommandsOptionsChoicesAndNames() throws Exception {
        assumeThere("bash");
        var script =
                """
                source "$1"
                compopt() { :; } # works only where a person presses a key
                complete -p eventfdd
                try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _eventfdd_with_names; echo "${COMPREPLY[*]}"; }
                try eventfdd st
                try eventfdd stat --runt
                try eventfdd ls -o ''
                # until the daemon answers as soon as completion wants
                until [[ $(try eventfdd write o) ]]; do :; done
                try eventfdd write o
                try eventfdd write --runtime-dir /nowhere o
                """;
        var ran = run("bash", "-c", script, "bash", file("bash-completion/completions/eventfdd"));
        assertThat(ran.output().lines())
                .containsExactly(
                        "complete -o default -F _eventfdd_with_names eventfdd",
                        "stat",
                        "--runtime-dir",
                        "text json",
                        "orders");
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
        var ran =
                run(
                        "fish",
                        "--no-config",
                        "-c",
                        script,
                        file("fish/vendor_completions.d/eventfdd.fish"));
        assertThat(ran.output().lines())
                .containsExactly("stat", "--runtime-dir", "bash", "fish", "zsh", "orders");
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
                zpty -n -w terminal $'\\C-ueventfdd write o\\t'
                await 'orders' '\\t'
                """;
        var ran = run("zsh", "-f", "-c", script, "zsh", file("zsh/site-functions/_eventfdd"));
        assertThat(ran.output().lines())
                .containsExactly(
                        "saw LOADED", "saw stat", "saw --runtime-dir", "saw fish", "saw orders");
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
        var script =
                """
                source "$1"
                compopt() { :; }
                COMP_WORDS=(eventfdd stat --runtime-dir "$2" '') COMP_CWORD=4
                _eventfdd_with_names
                echo "completed ${COMPREPLY[*]}"
                """;
        var file = file("bash-completion/completions/eventfdd");
        var directory = daemon.directory().toString();
        daemon.signal("STOP");
        try {
            // The time limit of other commands is 10 s.
            assertThat(run("timeout", "9", "bash", "-c", script, "bash", file, directory))
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
