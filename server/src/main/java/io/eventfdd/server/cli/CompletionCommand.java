package io.eventfdd.server.cli;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.concurrent.Callable;

@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        description = {
            "Prints a script for completion in bash, zsh or fish.",
            "It completes commands, options and the names of eventfds.",
            "The distribution has the same scripts in share/."
        },
        footer = {
            "",
            "Example: source <(eventfdd completion bash)",
            "Example: eventfdd completion fish >~/.config/fish/completions/eventfdd.fish"
        })
final class CompletionCommand implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "one of ${COMPLETION-CANDIDATES}")
    private Completion shell = Completion.bash;

    @Override
    public Integer call() {
        var line = requireNonNull(spec, "picocli has set it").commandLine();
        line.getOut().print(shell.script(line.getParent()));
        line.getOut().flush();
        return ExitStatus.DONE.code();
    }
}
