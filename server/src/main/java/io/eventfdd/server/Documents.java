package io.eventfdd.server;

import io.eventfdd.server.cli.Completion;
import io.eventfdd.server.cli.ManPage;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes what of the distribution is made from the commands and settings themselves, when it is
 * built: the manual and the shells' completions.
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

    /** Writes them: {@code Documents SHARE VERSION DATE}. */
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
                "One setting a line, as in \"max-wait: 2h\". The file is "
                        + Settings.STANDARD_FILE
                        + " where neither --config nor EVENTFDD_CONFIG names another. What the"
                        + " command line or the environment sets (EVENTFDD_MAX_WAIT=2h) goes"
                        + " before it. A key that is unknown, or a value out of range, stops the"
                        + " start and is named. On SIGHUP the settings of the log are read again.");
        page.section("SETTINGS");
        for (var setting : Setting.values()) {
            page.item(
                    setting.key(),
                    setting.meaning() + " (" + setting.standard() + "; " + setting.range() + ")");
        }
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
