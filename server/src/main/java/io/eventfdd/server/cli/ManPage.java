package io.eventfdd.server.cli;

import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.util.Arrays;
import java.util.Locale;

/**
 * A page of the manual, in the man(7) language. The page of a command says the same as its {@code
 * --help}, because both come from the same declarations.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/man.7.html">man(7)</a>
 */
public final class ManPage {
    private static final String EXAMPLE = "Example: ";

    /** The greatest length of a line of the source. */
    private static final int WIDTH = 78;

    private final StringBuilder roff = new StringBuilder();

    /** Whether a section has just begun, which is a paragraph's beginning too. */
    private boolean begun;

    /**
     * A page with a head.
     *
     * @param date of the text, as 2025-01-31
     * @param source the program and its version
     */
    public ManPage(String name, int section, String date, String source, String about) {
        roff.append(
                ".TH \"%s\" %d %s \"%s\"\n"
                        .formatted(escaped(name.toUpperCase(Locale.ROOT)), section, date, source));
        section("NAME");
        roff.append(name).append(" \\-\n");
        text(about.replaceFirst("\\.$", ""));
    }

    /** The page of {@code command}. */
    public static ManPage of(CommandSpec command, String date, String source) {
        var name = command.qualifiedName("-");
        var description = command.usageMessage().description();
        var page = new ManPage(name, 1, date, source, Completion.about(description));
        page.section("SYNOPSIS");
        page.text(new Help(command, Help.defaultColorScheme(Help.Ansi.OFF)).synopsis(0));
        page.section("DESCRIPTION");
        for (var paragraph : description) {
            page.paragraph(paragraph);
        }
        page.arguments(command);
        page.commands(command);
        page.ending(command);
        return page;
    }

    private void arguments(CommandSpec command) {
        if (!command.positionalParameters().isEmpty()) {
            section("ARGUMENTS");
        }
        for (var argument : command.positionalParameters()) {
            item(argument.paramLabel(), Completion.about(argument));
        }
        if (!command.options().isEmpty()) {
            section("OPTIONS");
        }
        for (var option : command.options()) {
            item(heading(option), Completion.about(option));
        }
    }

    private static String heading(OptionSpec option) {
        var names = String.join(", ", option.names());
        return option.arity().max() == 0 ? names : names + " " + option.paramLabel();
    }

    private void commands(CommandSpec command) {
        if (command.subcommands().isEmpty()) {
            return;
        }
        section("COMMANDS");
        for (var sub : Completion.commands(command)) {
            item(
                    sub.qualifiedName("-") + "(1)",
                    Completion.about(sub.usageMessage().description()));
        }
    }

    private void ending(CommandSpec command) {
        boolean isRoot = command.parent() == null;
        section("EXIT STATUS");
        if (isRoot) {
            for (var status : ExitStatus.values()) {
                item(Integer.toString(status.code()), status.meaning());
            }
        } else {
            paragraph("As eventfdd(1) lists them.");
        }
        if (isRoot) {
            environment();
        }
        section("EXAMPLES");
        request("EX");
        Arrays.stream(command.usageMessage().footer())
                .filter(line -> line.startsWith(EXAMPLE))
                .forEach(line -> line(line.substring(EXAMPLE.length())));
        request("EE");
        section("SEE ALSO");
        paragraph(
                isRoot
                        ? "eventfdd.yaml(5), eventfd(2), epoll(7), unix(7)"
                        : "eventfdd(1), eventfd(2)");
    }

    private void environment() {
        section("ENVIRONMENT");
        item(
                "EVENTFDD_RUNTIME_DIR, RUNTIME_DIRECTORY, XDG_RUNTIME_DIR",
                "Where the daemon and its clients look for the directory of the sockets, unless"
                        + " --runtime-dir names it.");
        item("EVENTFDD_CONFIG", "The daemon's file of settings, unless --config names it.");
        item(
                "EVENTFDD_MAX_WAIT and so on",
                "A setting of the daemon: its key in capital letters, with underscores. The daemon"
                        + " logs a warning about a variable that looks like one and is none.");
        item("EVENTFDD_JAVA_OPTS", "More options for the Java that runs the command.");
        item("JAVA_HOME", "The Java to use, if it is new enough.");
        section("FILES");
        item(
                "/run/eventfdd, $XDG_RUNTIME_DIR/eventfdd, /tmp/eventfdd-UID",
                "The directory of the sockets api.sock and fd.sock: the first that exists.");
        item("/etc/eventfdd/eventfdd.yaml", "The settings of the daemon, eventfdd.yaml(5).");
    }

    /** Begins a section. */
    public void section(String title) {
        request("SH", "\"" + escaped(title) + "\"");
        begun = true;
    }

    /** A paragraph of text. */
    public void paragraph(String text) {
        if (!begun) {
            request("PP");
        }
        text(text);
    }

    /** An item of a list. */
    public void item(String term, String about) {
        request("TP");
        request("B", "\"" + escaped(term) + "\"");
        text(about);
    }

    private void request(String name, String... arguments) {
        roff.append('.').append(name);
        for (var argument : arguments) {
            roff.append(' ').append(argument);
        }
        roff.append('\n');
    }

    /** Text that the reader's screen folds; here too, since the source is read as well. */
    private void text(String text) {
        var folded = new StringBuilder();
        for (var word : text.strip().split("\\s+", -1)) {
            if (escaped(folded + " " + word).length() > WIDTH) {
                line(folded.toString());
                folded.setLength(0);
            }
            folded.append(folded.isEmpty() ? "" : " ").append(word);
        }
        line(folded.toString());
        begun = false;
    }

    /** Adds a line literally, so that it is never taken for a request. */
    private void line(String line) {
        boolean likeRequest = line.startsWith(".") || line.startsWith("'");
        roff.append(likeRequest ? "\\&" : "").append(escaped(line)).append('\n');
    }

    private static String escaped(String text) {
        var escaped = new StringBuilder();
        text.codePoints()
                .forEach(c -> {
                    switch (c) {
                        case '\\' -> escaped.append("\\e");
                        case '"' -> escaped.append("\\(dq");
                        case '-' -> escaped.append("\\-");
                        case '~' -> escaped.append("\\(ti");
                        case '^' -> escaped.append("\\(ha");
                        // troff has none in the C locale
                        case '…' -> escaped.append("...");
                        default -> {
                            if (c < 128) {
                                escaped.append((char) c);
                            } else {
                                escaped.append("\\[u%04X]".formatted(c));
                            }
                        }
                    }
                });
        return escaped.toString();
    }

    @Override
    public String toString() {
        return roff.toString();
    }
}
