package io.eventfdd.server.cli;

import io.eventfdd.internal.wire.Shown;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process that is a client of the daemon, as /proc shows it to people.
 *
 * @param pid 0 if it is not known
 * @param uid the user for whom the daemon works for it
 */
record ClientProcess(int pid, int uid) {
    private static final String UNKNOWN = "-";

    String pidText() {
        return pid == 0 ? UNKNOWN : Integer.toString(pid);
    }

    /**
     * The command line of the process, on one line and not too long; {@code -} if it has none, as
     * when it has ended.
     */
    String command() {
        if (pid == 0) {
            return UNKNOWN;
        }
        try {
            var words = new String(Files.readAllBytes(file("cmdline")), StandardCharsets.UTF_8);
            var line = words.replace('\0', ' ').strip();
            return line.isEmpty() ? UNKNOWN : Shown.of(line);
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    /** The name of its user, or the number if the name is not known. */
    String user() {
        var number = Integer.toUnsignedString(uid);
        try {
            var process = file("");
            return pid != 0 && Files.getAttribute(process, "unix:uid").equals(uid)
                    ? Files.getOwner(process).getName()
                    : number;
        } catch (IOException e) {
            return number;
        }
    }

    private Path file(String name) {
        return Path.of("/proc", Integer.toString(pid), name);
    }
}
