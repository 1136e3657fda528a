package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.client.Transport;
import io.eventfdd.server.handover.Systemd;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the packaged daemon tells a service manager, and when. */
@Timeout(300)
class ReadinessIT {
    @TempDir private Path parent;

    private Path directory;
    private String address;
    private Process ear;
    private BufferedReader heard;

    @BeforeEach
    void listen() throws Exception {
        directory = Files.createDirectory(parent.resolve("run"));
        address = parent.resolve("notify").toString();
        var script = Path.of(ReadinessIT.class.getResource("/notify_socket.py").toURI());
        ear =
                new ProcessBuilder("python3", script.toString(), address)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        heard = ear.inputReader();
        assertThat(heard.readLine()).isEqualTo("listens");
    }

    @AfterEach
    void end() throws Exception {
        ear.destroyForcibly();
        ear.waitFor();
    }

    private Process serve() throws Exception {
        var command = new ArrayList<>(DaemonProcess.HEARING);
        command.addAll(
                List.of(
                        DaemonProcess.launcher().toString(),
                        "serve",
                        "--runtime-dir",
                        directory.toString()));
        var daemon = new ProcessBuilder(command).redirectErrorStream(true);
        daemon.environment().put("NOTIFY_SOCKET", address);
        return daemon.start();
    }

    @Test
    void itIsReadyOnceBothSocketsServe() throws Exception {
        var daemon = serve();
        try {
            assertThat(heard.readLine()).isEqualTo("READY=1 STATUS=serving");
            for (var transport : new Transport[] {Transport.RAW, Transport.HTTP}) {
                try (var client =
                        EventfddClient.builder()
                                .runtimeDirectory(directory)
                                .transport(transport)
                                .connect()) {
                    assertThatExceptionOfType(NotFoundException.class)
                            .isThrownBy(() -> client.open("a"));
                }
            }
        } finally {
            daemon.destroy();
        }
        assertThat(daemon.waitFor()).isZero();
        assertThat(heard.readLine()).isEqualTo("STOPPING=1 STATUS=stopping");
    }

    @Test
    void aSignalRightAfterTheFirstAnswerEndsItAsAnyOther() throws Exception {
        for (int i = 0; i < 3; i++) {
            var daemon = serve();
            try {
                until(() -> !daemon.isAlive() || answers());
            } finally {
                daemon.destroy();
            }
            assertThat(daemon.waitFor()).isZero();
            assertThat(directory.resolve("api.sock")).doesNotExist();
        }
    }

    @Test
    void aSighupRightAfterTheFirstAnswerHasTheSettingsReadAgain() throws Exception {
        for (int i = 0; i < 3; i++) {
            var daemon = serve();
            try {
                until(() -> !daemon.isAlive() || answers());
                var hangUp = new ProcessBuilder("kill", "-HUP", Long.toString(daemon.pid()));
                assertThat(hangUp.start().waitFor()).isZero();
                var lines = daemon.inputReader().lines();
                assertThat(lines.anyMatch(line -> line.endsWith("read the settings again")))
                        .isTrue();
            } finally {
                daemon.destroy();
            }
            assertThat(daemon.waitFor()).isZero();
        }
    }

    private boolean answers() {
        try {
            return RawClient.exchange(
                                    directory.resolve("api.sock"),
                                    "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
                            .status()
                    == 200;
        } catch (IOException e) {
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"api.sock", "fd.sock"})
    void itIsNotReadyWhereASocketCannotBeHad(String socket) throws Exception {
        Files.createFile(directory.resolve(socket));
        var daemon = Ran.of(serve());
        assertThat(daemon.status()).as(daemon.output()).isEqualTo(1);
        assertThat(daemon.output()).contains(socket + " exists and is not a socket");
        // Messages come in their order, and this is the first one.
        Systemd.of(Map.of("NOTIFY_SOCKET", address)).stopping();
        assertThat(heard.readLine()).isEqualTo("STOPPING=1 STATUS=stopping");
    }
}
