package io.eventfdd.server;

import io.eventfdd.server.cli.Completion;
import io.eventfdd.server.cli.ManPage;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the parts of the distribution that are generated from the commands and settings at build
 * time: the manual pages and the completions for shells.
 */
final class Documents {
    private final Path share;
    private final String date;
    private final String source;

    private Documents(Path share, String date, String source) {
        this.share = share;
        this.date = date;
        this.source = source;
    }

    /** Writes the files: {@code Documents SHARE VERSION DATE}. */
    public static void main(String[] arguments) throws IOException {
        var documents =
                new Documents(
                        Path.of(arguments[0]),
                        arguments[2].substring(0, "2025-01-31".length()),
                        "eventfdd " + arguments[1]);
        documents.writeAll();
    }

    private void writeAll() throws IOException {
        var line = Main.commandLine();
        for (var shell : Completion.values()) {
            write(shell.file(), shell.script(line));
        }
        write(Path.of("man/man1/eventfdd.1"), ManPage.of(line.getCommandSpec(), date, source));
        for (var spec : Completion.commands(line.getCommandSpec())) {
            var file = "man/man1/" + spec.qualifiedName("-") + ".1";
            write(Path.of(file), ManPage.of(spec, date, source));
        }
        write(Path.of("man/man5/eventfdd.yaml.5"), settings());
    }

    private ManPage settings() {
        var page = new ManPage("eventfdd.yaml", 5, date, source, "settings of eventfdd");
        page.section("DESCRIPTION");
        page.paragraph(
                "The file has one setting in each line, such as \"max-wait: 2h\". The daemon"
                        + " reads the file that --config or EVENTFDD_CONFIG names, or else "
                        + Settings.STANDARD_FILE
                        + " if it exists. Options (--max-wait 2h) win over the environment"
                        + " (EVENTFDD_MAX_WAIT=2h), and that over the file. An unknown key or a"
                        + " value out of range stops the start with an error that names it. A"
                        + " variable of the environment that looks like a setting and is none is"
                        + " logged as a warning.");
        page.paragraph(
                "On SIGHUP the daemon reads its settings again. If one is wrong, all stay as they"
                        + " were, and the log says why.");
        page.section("SETTINGS");
        for (var setting : Setting.values()) {
            page.item(
                    setting.key(),
                    "%s (default: %s; range: %s; changes at %s)"
                            .formatted(
                                    setting.meaning(),
                                    setting.standard(),
                                    setting.range(),
                                    setting.isReloadable() ? "SIGHUP" : "the next start"));
        }
        page.section("FILES");
        page.item(Settings.STANDARD_FILE.toString(), "the settings of the daemon");
        page.section("SEE ALSO");
        page.paragraph("eventfdd-serve(1)");
        return page;
    }

    private void write(Path file, Object text) throws IOException {
        var target = share.resolve(file);
        Files.createDirectories(target.getParent());
        Files.writeString(target, text.toString());
    }
}
