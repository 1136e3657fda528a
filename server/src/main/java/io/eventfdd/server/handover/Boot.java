package io.eventfdd.server.handover;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Identifies the current start of the system. Process IDs and monotonic clocks begin anew with each
 * start.
 */
final class Boot {
    private static final System.Logger LOGGER = System.getLogger(Boot.class.getName());

    private static final String ID = read(Path.of("/proc/sys/kernel/random/boot_id"));

    private Boot() {}

    /** The ID of the current start; empty if the kernel does not tell it. */
    static String id() {
        return ID;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            LOGGER.log(Level.DEBUG, "cannot read {0}: {1}", file, e.getMessage());
            return "";
        }
    }
}
