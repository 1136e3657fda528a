package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** Commands, and a daemon, that start in an odd place or with what others tell every JVM. */
@Timeout(300)
class CommandStartIT {
    private static DaemonProcess daemon;

    @BeforeAll
    static void start() throws IOException {
        daemon = DaemonProcess.start();
    }

    @AfterAll
    static void stop() throws IOException {
        daemon.close();
    }

    private static Ran shell(String line) throws Exception {
        return Ran.of(daemon.beginShell(line));
    }

    @Test
    void aCommandWorksInADirectoryThatIsGone() throws Exception {
        var gone = daemon.file("gone");
        var errors = daemon.file("errors");
        var line = "mkdir %1$s && cd %1$s && rmdir %1$s && $eventfdd ".formatted(gone);
        daemon.create("here");
        for (var command : List.of("ping", "ls", "completion zsh", "exec here -- true")) {
            var ran = shell(line + command + " 2>" + errors);
            assertThat(ran.status()).as(command).isZero();
            assertThat(Files.readAllLines(errors))
                    .as(command)
                    .allMatch(each -> each.contains("getcwd"));
        }
    }

    @Test
    void aCommandWorksWithWhatOthersTellEveryJvm() throws Exception {
        for (var variable :
                List.of(
                        "JAVA_TOOL_OPTIONS=-XX:+UseG1GC",
                        "JAVA_TOOL_OPTIONS='-XX:+UseParallelGC -Xmx64m'",
                        "JAVA_TOOL_OPTIONS='-Xmx256m -XX:+UseZGC'",
                        "JAVA_TOOL_OPTIONS=-Xshare:off",
                        "JAVA_TOOL_OPTIONS=-XX:SharedArchiveFile=/nowhere",
                        "JAVA_TOOL_OPTIONS=-Xrs",
                        "JDK_JAVA_OPTIONS=-XX:+UseG1GC",
                        "_JAVA_OPTIONS=-XX:+UseG1GC")) {
            var ran = shell(variable + " $eventfdd ping 2>/dev/null");
            assertThat(ran.status()).as(variable).isZero();
            assertThat(ran.output()).startsWith("eventfdd ");
        }
    }

    @Test
    void theDaemonStartsWithThemToo() throws Exception {
        var collector = List.of("env", "JAVA_TOOL_OPTIONS=-XX:+UseG1GC");
        try (var own = DaemonProcess.startUnder(collector)) {
            assertThat(own.log()).contains("-XX:+UseG1GC");
            assertThat(Ran.eventfdd(own, "ping").status()).isZero();
        }
    }
}
