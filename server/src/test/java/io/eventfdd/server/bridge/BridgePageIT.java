package io.eventfdd.server.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The commands of "Try it" in BRIDGE.md do what they say, in their order. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BridgePageIT {
    private static final Pattern SECTION = Pattern.compile("(?s)\n## Try it\n(.*?)\n## ");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

    @TempDir private Path directory;

    @Test
    void signalFromTheLeftArrivesOnTheRight() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/sbin/nats-server")), "no nats-server");
        var blocks = blocks();
        assertThat(blocks).hasSize(3);
        var shell = shell();
        try (var commands = shell.outputWriter()) {
            commands.write("PATH=$PATH:" + DaemonProcess.launcher().getParent() + "\n");
            commands.write("trap 'kill $(jobs -p); wait' EXIT\nset -eu\n");
            commands.write(blocks.getFirst());
            commands.flush();
            DaemonProcess.until(() -> said().split("curl", -1).length > 2 || !shell.isAlive());
            commands.write(blocks.get(1) + blocks.getLast());
        }
        assertThat(shell.waitFor()).as(said()).isZero();
        assertThat(said())
                .contains("stream EVENTFDD: is missing; would be created")
                .contains("export orders: running", "import orders: running")
                .containsPattern("(?m)^3$");
    }

    private List<String> blocks() throws IOException {
        var section = SECTION.matcher(Files.readString(Path.of("../server/BRIDGE.md")));
        assertThat(section.find()).isTrue();
        var port = Integer.toString(Hosts.freePort());
        return BLOCK.matcher(section.group(1))
                .results()
                .map((MatchResult block) -> block.group(1))
                .map(block -> block.replace("/tmp/", directory + "/").replace("4333", port))
                .toList();
    }

    private Process shell() throws IOException {
        return new ProcessBuilder("/bin/bash")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("said").toFile())
                .start();
    }

    private String said() {
        try {
            return Files.readString(directory.resolve("said"), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }
}
