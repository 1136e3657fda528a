package io.eventfdd.server;

import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;

/**
 * The settings of one daemon: those of its start, and those in force, which a reload changes. Any
 * thread may ask for them; one thread at a time reloads them.
 */
final class SettingsInForce {
    private static final System.Logger LOGGER = System.getLogger(Daemon.class.getName());

    private final Settings asked;
    private final OpenFileBudget budget;
    private volatile Settings now;

    SettingsInForce(Settings asked, OpenFileBudget budget) throws IOException {
        this.asked = asked;
        this.budget = budget;
        this.now = budget.atStart(asked);
    }

    /** The settings in force. */
    Settings now() {
        return now;
    }

    /** The open files that the process may have, and how the settings share them out. */
    OpenFileBudget budget() {
        return budget;
    }

    /**
     * Puts the settings in force that can change while the daemon runs; the log names the others
     * that have changed. If the settings cannot be read, all of them stay.
     *
     * @param parts has every part of the daemon take the settings
     */
    void reload(Service.Reader reader, Consumer<Settings> parts) {
        Settings read;
        try {
            read = reader.read();
        } catch (InvalidSetting e) {
            LOGGER.log(Level.WARNING, "the settings stay unchanged: {0}", e.getMessage());
            return;
        }
        var next = budget.atReload(now.reloaded(read));
        parts.accept(next);
        now = next;
        warnOfLater(read);
        LOGGER.log(Level.INFO, "read the settings again");
    }

    private void warnOfLater(Settings read) {
        for (var setting : Setting.values()) {
            if (!setting.isReloadable() && asked.differsIn(setting, read)) {
                LOGGER.log(
                        Level.WARNING,
                        "{0} has changed, and takes effect at the next start",
                        setting.key());
            }
        }
    }
}
