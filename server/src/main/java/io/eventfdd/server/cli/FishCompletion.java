package io.eventfdd.server.cli;

import static io.eventfdd.server.cli.Completion.about;
import static io.eventfdd.server.cli.Completion.choices;

import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.nio.file.Path;

/** Completion for fish: a line for each command, option and choice. */
final class FishCompletion {
    private static final String FUNCTIONS =
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

            # Whether the command is one of those in $argv.
            function __eventfdd_command
                for word in (commandline -opc)[2..]
                    if not string match -q -- '-*' $word
                        contains -- $word $argv
                        return
                    end
                end
                return 1
            end

            # The program behind -- and its arguments, as they are completed without eventfdd.
            function __eventfdd_program
                set -l words (commandline -opc)
                if set -l end (contains -i -- -- $words)
                    set -l words (string escape -- $words[(math $end + 1)..])
                    complete -C (string join ' ' -- $words (commandline -ct))
                end
            end

            complete -c eventfdd -f
            complete -c eventfdd -n '__eventfdd_command <programs>' -a '(__eventfdd_program)'
            """;

    private FishCompletion() {}

    static String script(CommandSpec root) {
        var programs = String.join(" ", Completion.BECOMING);
        var script = new StringBuilder(FUNCTIONS.replace("<programs>", programs));
        for (var command : Completion.commands(root)) {
            var first = "-n __fish_use_subcommand -a " + command.name();
            line(script, first, about(command.usageMessage().description()));
        }
        options(script, "__fish_use_subcommand", root);
        for (var command : Completion.commands(root)) {
            var seen = "__eventfdd_command " + command.name();
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
                line.append(isFile(option) ? " -r -F" : " -x " + values(option));
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
        return argument.paramLabel().equals("DIR") ? "-a '(__fish_complete_directories)'" : "";
    }

    private static boolean isFile(OptionSpec option) {
        return option.type() == Path.class && option.paramLabel().equals("FILE");
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
