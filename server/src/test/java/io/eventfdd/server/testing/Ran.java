package io.eventfdd.server.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that has ended.
 *
 * @param status its exit status
 * @param output what it printed, on both streams, without white space around
 */
public record Ran(int status, String output) {
    /** Waits for {@code process}. */
    public static Ran of(Process process) throws IOException, InterruptedException {
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ran(process.waitFor(), output.strip());
    }

    /** Begins {@code eventfdd command} on {@code daemon}. */
    public static Process begin(DaemonProcess daemon, String command, String... arguments)
            throws IOException {
        return beginUnder(List.of(), daemon, command, arguments);
    }

    /** The same under {@code prefix}, a command that becomes another one. */
    public static Process beginUnder(
            List<String> prefix, DaemonProcess daemon, String command, String... arguments)
            throws IOException {
        var line = new ArrayList<>(prefix);
        line.addAll(List.of(DaemonProcess.launcher().toString(), command));
        line.addAll(List.of("--runtime-dir", daemon.directory().toString()));
        line.addAll(List.of(arguments));
        return daemon.begin(line.toArray(String[]::new));
    }

    /** Runs {@code eventfdd command} on {@code daemon}. */
    public static Ran eventfdd(DaemonProcess daemon, String command, String... arguments)
            throws IOException, InterruptedException {
        return of(begin(daemon, command, arguments));
    }

    /** The prefix of a command that another user runs, which only root can have. */
    public static List<String> asUser(int user, int group) {
        return List.of("setpriv", "--reuid=" + user, "--regid=" + group, "--clear-groups");
    }

    /** Whether this machine has {@code program}. */
    public static boolean isThere(String program) {
        for (var directory : System.getenv("PATH").split(":", -1)) {
            if (Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }
}
