package io.eventfdd.server.cli;

import io.eventfdd.internal.linux.Errno;
import io.eventfdd.internal.linux.ErrnoException;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The words of a command line around {@code --}: those before it, and behind it the program that
 * the command becomes.
 *
 * @param before the words for the command itself
 * @param name the program, as it was typed
 * @param words how many words the program and its arguments are
 */
record Program(List<String> before, String name, int words) {
    private static final String END_OF_OWN_WORDS = "--";

    /**
     * Splits a command line; empty if it names no program.
     *
     * @param line all arguments of the command
     * @param words the words that are not options, including those of the program
     */
    static Optional<Program> of(List<String> line, List<String> words) {
        int end = line.indexOf(END_OF_OWN_WORDS);
        int count = end < 0 ? 0 : line.size() - end - 1;
        if (count == 0) {
            return Optional.empty();
        }
        int first = words.size() - count;
        return Optional.of(
                new Program(List.copyOf(words.subList(0, first)), words.get(first), count));
    }

    /** The descriptors that were there before this JVM opened any, as its launcher tells them. */
    static Set<Integer> inherited() {
        return Pattern.compile(",")
                .splitAsStream(System.getProperty("eventfdd.inherited", ""))
                .filter(number -> !number.isEmpty())
                .map(Integer::valueOf)
                .collect(Collectors.toSet());
    }

    /** The exit status that says why the program could not be run, as env(1) has it. */
    static ExitStatus status(ErrnoException why) {
        return why.is(Errno.ENOENT) ? ExitStatus.NO_PROGRAM : ExitStatus.CANNOT_RUN;
    }
}
