package io.eventfdd.server.cli;

import static io.eventfdd.server.cli.Completion.about;
import static io.eventfdd.server.cli.Completion.choices;
import static io.eventfdd.server.cli.Completion.quoted;

import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Completion for zsh's own system, compsys: {@code _arguments} for each command. */
final class ZshCompletion {
    private static final String SCRIPT =
            """
            #compdef eventfdd
            # Read with source, or found as _eventfdd on the fpath.

            # The names of the eventfds that the daemon on this command line has.
            _eventfdd_names() {
                local -a names place
                [[ -z ${opt_args[--runtime-dir]-} ]] || place=(--runtime-dir ${(Q)opt_args[--runtime-dir]})
                names=(${(f)"$(eventfdd ls --answer-timeout 500ms $place 2>/dev/null | cut -f1)"})
                compadd -a names
            }

            _eventfdd() {
                local curcontext=$curcontext state line
                local -A opt_args
                # not "commands", where zsh has those of the PATH
                local -a names
                names=(
            <commands>    )
                _arguments -C <options> '1:command:->command' '*::argument:->argument'
                case $state in
                    command) _describe command names ;;
                    argument)
                        local -i end=$words[(i)--]
                        if [[ $words[1] == (<programs>) ]] && (( end < CURRENT )); then
                            shift $end words
                            (( CURRENT -= end ))
                            _normal
                            return
                        fi
                        case $words[1] in
            <cases>            esac ;;
                esac
            }

            if [[ ${funcstack[1]-} == _eventfdd ]]; then
                _eventfdd "$@"
            else
                (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
                compdef _eventfdd eventfdd
            fi
            """;

    private ZshCompletion() {}

    static String script(CommandSpec root) {
        var names = new StringBuilder();
        var cases = new StringBuilder();
        for (var command : Completion.commands(root)) {
            var described = command.name() + ":" + about(command.usageMessage().description());
            names.append(" ".repeat(8)).append(quoted(described)).append('\n');
            cases.append(" ".repeat(16))
                    .append(command.name())
                    .append(") _arguments ")
                    .append(String.join(" ", arguments(command)))
                    .append(" ;;\n");
        }
        return SCRIPT.replace("<commands>", names)
                .replace("<options>", String.join(" ", options(root)))
                .replace("<programs>", String.join("|", Completion.BECOMING))
                .replace("<cases>", cases);
    }

    private static List<String> arguments(CommandSpec command) {
        var arguments = new ArrayList<>(options(command));
        for (var argument : command.positionalParameters()) {
            var place = argument.arity().max() > 1 ? "*" : "";
            var colon = argument.arity().min() == 0 ? "::" : ":";
            arguments.add(quoted(place + colon + argument.paramLabel() + ":" + action(argument)));
        }
        return arguments;
    }

    private static List<String> options(CommandSpec command) {
        List<String> options = new ArrayList<>();
        for (var option : command.options()) {
            var names = String.join(" ", option.names());
            for (var name : option.names()) {
                boolean takesEquals = name.startsWith("--") && option.arity().max() > 0;
                var end = takesEquals ? "=" : "";
                options.add(quoted("(" + names + ")" + name + end + value(option)));
            }
        }
        return options;
    }

    private static String value(OptionSpec option) {
        var about = "[" + escaped(about(option)) + "]";
        if (option.arity().max() == 0) {
            return about;
        }
        return about + ":" + option.paramLabel() + ":" + action(option);
    }

    private static String action(ArgSpec argument) {
        if (!choices(argument).isEmpty()) {
            return "(" + escaped(String.join(" ", choices(argument))) + ")";
        }
        if (argument.type() == Path.class) {
            return argument.paramLabel().equals("DIR") ? "_files -/" : "_files";
        }
        return Completion.isName(argument) ? "_eventfdd_names" : " ";
    }

    private static String escaped(String text) {
        return text.replace("[", "\\[").replace("]", "\\]").replace(":", "\\:");
    }
}
