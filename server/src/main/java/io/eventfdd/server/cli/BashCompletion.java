package io.eventfdd.server.cli;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

import java.util.stream.Collectors;

/** picocli's script for bash, and the names of the daemon's eventfds if it suggests nothing. */
final class BashCompletion {
    private static final String NAMES =
            """

            # Where nothing else can stand, the names of the eventfds that the daemon on this command line has.
            function _eventfdd_with_names() {
              local i word=${COMP_WORDS[COMP_CWORD]} place=()
              _complete_eventfdd
              if [[ ${#COMPREPLY[@]} -gt 0 || $word == -* ]]; then return; fi
              for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                  --) return ;;
                  --runtime-dir)
                    if [[ ${COMP_WORDS[i + 1]} == = ]]; then ((i++)); fi
                    place=(--runtime-dir "${COMP_WORDS[i + 1]}")
                    if ((i + 1 == COMP_CWORD)); then return; fi ;;
                esac
              done
              case ${COMP_WORDS[1]} in
                <commands>)
                  COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" ls --answer-timeout 500ms "${place[@]}" 2>/dev/null | cut -f1)" -- "$word")) ;;
              esac
            }
            complete -F _eventfdd_with_names -o default eventfdd
            """;

    private BashCompletion() {}

    static String script(CommandLine line) {
        var commands =
                Completion.commands(line.getCommandSpec()).stream()
                        .filter(Completion::takesNames)
                        .map(CommandSpec::name)
                        .collect(Collectors.joining("|"));
        return AutoComplete.bash("eventfdd", line) + NAMES.replace("<commands>", commands);
    }
}
