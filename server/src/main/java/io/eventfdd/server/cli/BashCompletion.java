package io.eventfdd.server.cli;

import static io.eventfdd.server.cli.Completion.choices;
import static io.eventfdd.server.cli.Completion.quoted;

import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Completion for bash: one function, which looks at the words before the cursor. */
final class BashCompletion {
    private static final String SCRIPT =
            """
            # Completion of eventfdd for bash. Read with source, or found as completions/eventfdd.

            # The words that begin as the one at the cursor does.
            _eventfdd_words() {
                COMPREPLY=($(compgen -W "$*" -- "$word"))
            }

            # The names of the eventfds that the daemon on this command line has.
            _eventfdd_names() {
                _eventfdd_words "$("${COMP_WORDS[0]}" ls --answer-timeout 500ms "${daemon[@]}" 2>/dev/null | cut -f1)"
            }

            # The program at word $1, which run and exec become, and its arguments.
            _eventfdd_program() {
                if declare -F _command_offset >/dev/null; then
                    _command_offset "$1"
                elif (($1 == COMP_CWORD)); then
                    COMPREPLY=($(compgen -c -- "$word"))
                else
                    compopt -o default
                fi
            }

            _eventfdd() {
                local word=${COMP_WORDS[COMP_CWORD]} command='' flags valued
                # the option whose value is next; where -- is; how to reach the daemon
                local option='' end='' daemon=()
                local -i i operand=1
                COMPREPLY=()
                # bash takes = for a word of its own
                [[ $word != = ]] || word=''
                for ((i = 1; i < COMP_CWORD; i++)); do
                    if [[ ${COMP_WORDS[i]} != -* ]]; then
                        command=${COMP_WORDS[i++]}
                        break
                    fi
                done
                case $command in
            <options>        *) return ;;
                esac
                for ((; i < COMP_CWORD; i++)); do
                    case ${COMP_WORDS[i]} in
                        =) [[ $option ]] || ((i++)) ;; # NAME=N
                        *)
                            if [[ $option ]]; then
                                [[ $option != --runtime-dir ]] || daemon=("$option" "${COMP_WORDS[i]}")
                                option=''
                            elif [[ $end || ${COMP_WORDS[i]} != -* ]]; then
                                operand+=1
                            elif [[ ${COMP_WORDS[i]} == -- ]]; then
                                end=$i
                            elif [[ " $valued " == *" ${COMP_WORDS[i]} "* ]]; then
                                option=${COMP_WORDS[i]}
                            fi
                            ;;
                    esac
                done
                if [[ $end && $command == @(<programs>) ]]; then
                    _eventfdd_program $((end + 1))
                elif ((i > COMP_CWORD)) || [[ ! $option && ${COMP_WORDS[COMP_CWORD]} == = ]]; then
                    : # the N of NAME=N
                elif [[ ! $option && ! $end && $word == -* ]]; then
                    _eventfdd_words $flags $valued
                else
                    case "$command ${option:-$operand}" in
            <values>        esac
                fi
            }

            complete -F _eventfdd eventfdd
            """;

    private static final String CASE = " ".repeat(8);

    private BashCompletion() {}

    static String script(CommandSpec root) {
        var commands = Completion.commands(root);
        var options = new StringBuilder();
        options(options, "''", root);
        commands.forEach(command -> options(options, command.name(), command));
        var places = new LinkedHashMap<String, List<String>>();
        var names = commands.stream().map(CommandSpec::name).toList();
        places.put(words(names), List.of("' 1'"));
        commands.forEach(command -> addPlaces(places, command));
        var values = new StringBuilder();
        places.forEach((words, where) ->
                values.append(CASE)
                        .append("    ")
                        .append(String.join(" | ", where))
                        .append(") ")
                        .append(words)
                        .append(" ;;\n"));
        return SCRIPT.replace("<options>", options)
                .replace("<values>", values)
                .replace("<programs>", String.join("|", Completion.BECOMING));
    }

    private static void options(StringBuilder script, String pattern, CommandSpec command) {
        script.append(CASE)
                .append(pattern)
                .append(") flags=")
                .append(quoted(names(command, false)))
                .append(" valued=")
                .append(quoted(names(command, true)))
                .append(" ;;\n");
    }

    private static String names(CommandSpec command, boolean valued) {
        return command.options().stream()
                .filter(option -> option.arity().max() > 0 == valued)
                .flatMap(option -> Stream.of(option.names()))
                .collect(Collectors.joining(" "));
    }

    /** Adds where values of {@code command} can stand, by the bash command that completes them. */
    private static void addPlaces(Map<String, List<String>> places, CommandSpec command) {
        for (var option : command.options()) {
            for (var name : option.names()) {
                addPlace(places, option, quoted(command.name() + " " + name));
            }
        }
        for (var argument : command.positionalParameters()) {
            int first = argument.index().min() + 1;
            addPlace(
                    places,
                    argument,
                    argument.arity().max() > 1
                            ? quoted(command.name() + " ") + "[0-9]*"
                            : quoted(command.name() + " " + first));
        }
    }

    private static void addPlace(Map<String, List<String>> places, ArgSpec value, String place) {
        completed(value)
                .ifPresent(
                        words -> places.computeIfAbsent(words, _ -> new ArrayList<>()).add(place));
    }

    /** The bash command that completes the value; empty if nothing is known about it. */
    private static Optional<String> completed(ArgSpec value) {
        if (!choices(value).isEmpty()) {
            return Optional.of(words(choices(value)));
        }
        if (value.type() == Path.class && value instanceof OptionSpec) {
            var kind = value.paramLabel().equals("DIR") ? "dirnames" : "default";
            return Optional.of("compopt -o " + kind);
        }
        return Completion.isName(value) ? Optional.of("_eventfdd_names") : Optional.empty();
    }

    private static String words(List<String> words) {
        return "_eventfdd_words " + String.join(" ", words);
    }
}
