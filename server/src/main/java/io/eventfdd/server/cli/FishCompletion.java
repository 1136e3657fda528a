package io.eventfdd.server.cli;

import static io.eventfdd.server.cli.Completion.about;
import static io.eventfdd.server.cli.Completion.choices;

import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.nio.file.Path;

/** Completion for fish: a line for each command, option and choice. */
final class FishCompletion {
    private static final String NAMES =
            """
            # The names of the eventfds that the daemon on this command line has.
            function __eventfdd_names
                set -l words (commandline -opc)
                set -l place
                for i in (seq 2 (count $words))
                    switch $words[$i]
                        case --
                            return
                        case --runtime-dir
                            set place --runtime-dir $words[(math $i + 1)]
                        case '--runtime-dir=*'
                            set place $words[$i]
                    end
                end
                eventfdd ls --answer-timeout 500ms $place 2>/dev/null | cut -f1
            end

            complete -c eventfdd -f
            """;

    private FishCompletion() {}

    static String script(CommandSpec root) {
        var script = new StringBuilder(NAMES);
        for (var command : Completion.commands(root)) {
            var first = "-n __fish_use_subcommand -a " + command.name();
            line(script, first, about(command.usageMessage().description()));
        }
        options(script, "__fish_use_subcommand", root);
        for (var command : Completion.commands(root)) {
            var seen = "__fish_seen_subcommand_from " + command.name();
            options(script, seen, command);
            for (var argument : command.positionalParameters()) {
                var values = values(argument);
                if (!values.isEmpty()) {
                    line(script, "-n " + quoted(seen) + " " + values, "");
                }
            }
        }
        return script.toString();
    }

    private static void options(StringBuilder script, String condition, CommandSpec command) {
        for (var option : command.options()) {
            var line = new StringBuilder("-n ").append(quoted(condition));
            for (var name : option.names()) {
                line.append(name.startsWith("--") ? " -l " : " -s ")
                        .append(name.replaceFirst("^--?", ""));
            }
            if (option.arity().max() > 0) {
                line.append(" -x ").append(values(option));
            }
            line(script, line.toString().stripTrailing(), about(option));
        }
    }

    private static String values(ArgSpec argument) {
        if (Completion.isName(argument)) {
            return "-a '(__eventfdd_names)'";
        }
        if (!choices(argument).isEmpty()) {
            return "-a " + quoted(String.join(" ", choices(argument)));
        }
        if (argument.type() == Path.class && argument instanceof OptionSpec) {
            return argument.paramLabel().equals("DIR")
                    ? "-a '(__fish_complete_directories)'"
                    : "-a '(__fish_complete_path)'";
        }
        return "";
    }

    private static void line(StringBuilder script, String words, String about) {
        script.append("complete -c eventfdd ").append(words);
        if (!about.isEmpty()) {
            script.append(" -d ").append(quoted(about));
        }
        script.append('\n');
    }

    /** In single quotes, in which fish knows two escapes. */
    private static String quoted(String word) {
        return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
