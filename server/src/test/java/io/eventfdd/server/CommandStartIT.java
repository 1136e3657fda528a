package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;
import io.eventfdd.server.testing.SharedDaemon;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import java.nio.file.Files;
import java.util.List;

/** Commands, and a daemon, that start in an odd place or with what others tell every JVM. */
@Timeout(300)
@ExtendWith(SharedDaemon.class)
class CommandStartIT {
    private final DaemonProcess daemon;

    CommandStartIT(DaemonProcess daemon) {
        this.daemon = daemon;
    }

    @Test
    void aCommandWorksInADirectoryThatIsGone() throws Exception {
        var gone = daemon.file("gone");
        var errors = daemon.file("errors");
        var line = "mkdir %1$s && cd %1$s && rmdir %1$s && $eventfdd ".formatted(gone);
        daemon.create("here");
        for (var command : List.of("ping", "ls", "completion zsh", "exec here -- true")) {
            var ran = daemon.shell(line + command + " 2>" + errors);
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
            var ran = daemon.shell(variable + " $eventfdd ping 2>/dev/null");
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
