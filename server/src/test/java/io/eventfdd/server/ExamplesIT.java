package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The examples of {@code deploy/examples} do what they say, each as the processes that it is made
 * of.
 */
class ExamplesIT {
    private static final Path EXAMPLES = Path.of("../deploy/examples").toAbsolutePath().normalize();

    private static DaemonProcess daemon;

    @BeforeAll
    static void start() throws IOException {
        daemon = DaemonProcess.start();
    }

    @AfterAll
    static void stop() throws IOException {
        daemon.close();
    }

    private static String example(String name) {
        return EXAMPLES.resolve(name).toString();
    }

    private static void needs(String tool) {
        assumeTrue(
                Path.of("/bin", tool).toFile().canExecute()
                        || Path.of("/usr/bin", tool).toFile().canExecute(),
                tool + " is not installed");
    }

    @Test
    void aProducerAndAConsumerShareWorkOverHttpAlone() throws Exception {
        needs("curl");
        var output =
                daemon.run(example("producer-consumer.sh"), daemon.directory().toString(), "5");
        for (int piece = 1; piece <= 5; piece++) {
            assertThat(output).contains("produced " + piece, "consumed " + piece);
        }
    }

    @Test
    void aCProgramSignalsAnother() throws Exception {
        needs("cc");
        var program = compiled();
        daemon.run(program, daemon.directory().toString(), "from-c");
        daemon.run(program, daemon.directory().toString(), "from-c");
        assertThat(daemon.run(program, daemon.directory().toString(), "from-c", "wait").strip())
                .isEqualTo("2");
    }

    @Test
    void aCProgramWaitsUntilItIsSignalled() throws Exception {
        needs("cc");
        var waiting = daemon.begin(compiled(), daemon.directory().toString(), "wakes-c", "wait");
        DaemonProcess.until(() -> daemon.request().get("/v1/eventfds/wakes-c").statusCode() == 200);
        daemon.request().post("/v1/eventfds/wakes-c/write").then().statusCode(200);
        assertThat(waiting.inputReader().readLine()).isEqualTo("1");
        assertThat(waiting.waitFor()).isZero();
    }

    private static String compiled() throws IOException {
        var program = daemon.file("signal");
        if (!Files.exists(program)) {
            daemon.run(
                    "cc",
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-O2",
                    "-o",
                    program.toString(),
                    example("signal.c"));
        }
        return program.toString();
    }

    @Test
    void anEpollLoopServesItsSocketsAndIsWokenByAnotherProcess() throws Exception {
        assumeTrue(pythonIsNewEnough(), "python3 has no eventfd_read before 3.10");
        var socket = daemon.file("upper.sock");
        var loop =
                daemon.begin(
                        "python3",
                        example("epoll-loop.py"),
                        daemon.directory().toString(),
                        "wake",
                        socket.toString());
        try (BufferedReader lines = loop.inputReader()) {
            assertThat(lines.readLine()).isEqualTo("ready");
            daemon.request().post("/v1/eventfds/wake/write").then().statusCode(200);
            assertThat(lines.readLine()).isEqualTo("woken 1");
            assertThat(upper(socket, "hello")).isEqualTo("HELLO");
            daemon.request()
                    .contentType("application/json")
                    .body("{\"value\":1000}")
                    .post("/v1/eventfds/wake/write")
                    .then()
                    .statusCode(200);
            assertThat(lines.readLine()).isEqualTo("woken 1000");
        }
        assertThat(loop.waitFor()).isZero();
    }

    private static boolean pythonIsNewEnough() throws Exception {
        return new ProcessBuilder("python3", "-c", "import os; os.eventfd_read").start().waitFor()
                == 0;
    }

    private static String upper(Path socket, String text) throws IOException {
        try (var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            var answer = ByteBuffer.allocate(64);
            channel.read(answer);
            return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
        }
    }
}
