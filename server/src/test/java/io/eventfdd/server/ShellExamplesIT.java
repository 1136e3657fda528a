package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;
import io.eventfdd.server.testing.SharedDaemon;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The shell's examples with leases do what they say. */
@Timeout(300)
@ExtendWith(SharedDaemon.class)
class ShellExamplesIT {
    private static final Path EXAMPLES = Path.of("../deploy/examples").toAbsolutePath().normalize();

    private final DaemonProcess daemon;
    private final List<ProcessHandle> begun = new ArrayList<>();

    ShellExamplesIT(DaemonProcess daemon) {
        this.daemon = daemon;
    }

    @AfterEach
    void stop() {
        begun.forEach(ProcessHandle::destroyForcibly);
    }

    /** An example that has {@code eventfdd} on its PATH. */
    private Process begin(String name, String... arguments) throws IOException {
        var command =
                new ArrayList<>(
                        List.of(
                                "env",
                                "PATH="
                                        + DaemonProcess.launcher().getParent()
                                        + ":"
                                        + System.getenv("PATH"),
                                EXAMPLES.resolve(name).toString(),
                                daemon.directory().toString()));
        command.addAll(List.of(arguments));
        var process = daemon.begin(command.toArray(String[]::new));
        begun.add(process.toHandle());
        return process;
    }

    private int state(String name, String field) {
        return daemon.state(name).path(field).asInt();
    }

    @Test
    void noMoreThanThreeJobsRunAtATimeWhoeverStartsThem() throws Exception {
        // Both write to one pipe, so that the order of their lines is that of the events.
        var both =
                daemon.begin(
                        "env",
                        "PATH="
                                + DaemonProcess.launcher().getParent()
                                + ":"
                                + System.getenv("PATH"),
                        "sh",
                        "-c",
                        "\"$0\" \"$1\" a 4 & \"$0\" \"$1\" b 4 & wait $! && wait",
                        EXAMPLES.resolve("limited-jobs.sh").toString(),
                        daemon.directory().toString());
        begun.add(both.toHandle());
        var ran = Ran.of(both);
        assertThat(ran.status()).as(ran.output()).isZero();
        var lines = ran.output().lines().toList();
        for (var script : List.of("a", "b")) {
            for (int job = 1; job <= 4; job++) {
                assertThat(lines)
                        .contains("begin " + script + "-" + job, "end " + script + "-" + job);
            }
        }
        int running = 0;
        for (var line : lines) {
            running += line.startsWith("begin ") ? 1 : -1;
            assertThat(running).as(ran.output()).isBetween(0, 3);
        }
        until(() -> state("job-slots", "count") == 3 && state("job-slots", "leased") == 0);
    }

    @Test
    void aWorkerThatIsKilledIsReplaced() throws Exception {
        var supervisor =
                begin("supervisor.sh", "2", "sh", "-c", "echo \"worker $$\"; exec sleep 100");
        var output = supervisor.inputReader();
        var first = worker(output);
        var second = worker(output);
        first.destroyForcibly();
        assertThat(output.readLine()).isEqualTo("1 died");
        var third = worker(output);
        assertThat(List.of(second, third)).allMatch(ProcessHandle::isAlive);
        second.destroy();
        assertThat(output.readLine()).as("by SIGTERM").isEqualTo("1 died");
        assertThat(worker(output).isAlive()).isTrue();
    }

    /** The next worker that says who it is. */
    private ProcessHandle worker(BufferedReader output) throws IOException {
        var line = output.readLine();
        assertThat(line).startsWith("worker ");
        var worker =
                ProcessHandle.of(Long.parseLong(line.substring("worker ".length()))).orElseThrow();
        begun.add(worker);
        return worker;
    }
}
