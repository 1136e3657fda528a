package io.eventfdd.server.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A shell that completes commands, options and, asking the daemon, names of eventfds; each script
 * comes from the commands themselves.
 */
public enum Completion {
    /** bash(1). */
    bash("bash-completion/completions/eventfdd") {
        @Override
        public String script(CommandLine line) {
            return BashCompletion.script(line.getCommandSpec());
        }
    },
    /** zsh(1). */
    zsh("zsh/site-functions/_eventfdd") {
        @Override
        public String script(CommandLine line) {
            return ZshCompletion.script(line.getCommandSpec());
        }
    },
    /** fish(1). */
    fish("fish/vendor_completions.d/eventfdd.fish") {
        @Override
        public String script(CommandLine line) {
            return FishCompletion.script(line.getCommandSpec());
        }
    };

    /** The commands that become a program, whose words follow {@code --}. */
    static final List<String> BECOMING = List.of("run", "exec");

    private static final Set<String> NAMES = Set.of("NAME", "NAME[=N]", "PREFIX");

    private final String file;

    Completion(String file) {
        this.file = file;
    }

    /** The file in which the shell looks for its completion, below a {@code share} directory. */
    public Path file() {
        return Path.of(file);
    }

    /** The text of that file, for the commands of {@code line}. */
    public abstract String script(CommandLine line);

    /** The commands of {@code root} that help names, in their order. */
    public static List<CommandSpec> commands(CommandSpec root) {
        return root.subcommands().values().stream()
                .map(CommandLine::getCommandSpec)
                .filter(command -> !command.usageMessage().hidden())
                .toList();
    }

    /** Whether the argument is the name of an eventfd, or how one begins. */
    static boolean isName(ArgSpec argument) {
        return NAMES.contains(argument.paramLabel());
    }

    /** The values of the argument, if it is a choice. */
    static List<String> choices(ArgSpec argument) {
        List<String> choices = new ArrayList<>();
        if (argument.completionCandidates() != null) {
            argument.completionCandidates().forEach(choices::add);
        }
        return choices;
    }

    /** The first sentence about a command, an option or an argument, on one line. */
    static String about(String... description) {
        return description.length == 0 ? "" : description[0].replaceAll("\\s+", " ").strip();
    }

    /** The description of an argument, with its choices. */
    static String about(ArgSpec argument) {
        return about(argument.description())
                .replace("${COMPLETION-CANDIDATES}", String.join(", ", choices(argument)));
    }

    /** The word in single quotes, as a shell of the Bourne family reads it. */
    static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}
