package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Java17;
import io.eventfdd.server.testing.Ran;
import io.eventfdd.server.testing.SharedDaemon;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The examples of {@code deploy/examples} do what they say, each as the processes that it is made
 * of.
 */
@Timeout(300)
@ExtendWith(SharedDaemon.class)
class ExamplesIT {
    private static final Path EXAMPLES = Path.of("../deploy/examples").toAbsolutePath().normalize();

    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    /** The programs in Java, compiled once: a start from source compiles them again each time. */
    @TempDir private static Path classes;

    private final DaemonProcess daemon;

    ExamplesIT(DaemonProcess daemon) {
        this.daemon = daemon;
    }

    @BeforeAll
    static void compileThePrograms(DaemonProcess daemon) throws IOException {
        var command = new ArrayList<String>();
        command.add(JAVA.resolveSibling("javac").toString());
        command.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"));
        command.addAll(List.of("--release", "17", "-d", classes.toString()));
        command.addAll(List.of("-cp", DaemonProcess.libraries()));
        for (var program : List.of("PingPong", "SelectorLoop", "WorkQueue", "WorkerPool")) {
            command.add(example(program + ".java"));
        }
        daemon.run(command.toArray(String[]::new));
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

    @Test
    void aCProgramDoesNotBlockInItsReadThoughAHolderClearsTheFlag() throws Exception {
        needs("cc");
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "poll(2) is call 7 there");
        var over = new AtomicBoolean();
        try (var client = raw();
                var held = client.open("cleared-c", EventfdSpec.counter())) {
            var fd = Fd.borrow(held.fd().orElseThrow());
            var clearing =
                    Thread.ofPlatform()
                            .start(() -> {
                                while (!over.get()) {
                                    clear(fd);
                                }
                            });
            var waiting =
                    daemon.begin(compiled(), daemon.directory().toString(), "cleared-c", "wait");
            try {
                var call = Path.of("/proc", Long.toString(waiting.pid()), "syscall");
                DaemonProcess.until(() -> read(call).startsWith("7 "));
            } finally {
                over.set(true);
                clearing.join();
            }
            held.write(3);
            assertThat(waiting.inputReader().readLine()).isEqualTo("3");
            assertThat(waiting.waitFor()).isZero();
        }
    }

    private static void clear(Fd fd) {
        try {
            fd.setNonblocking(false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private EventfddClient raw() {
        return EventfddClient.builder()
                .runtimeDirectory(daemon.directory())
                .transport(Transport.RAW)
                .connect();
    }

    private String compiled() throws IOException {
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
            breakOff(socket);
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

    @Test
    void anEpollLoopGoesOnThoughTheFlagIsClearAndAnotherReaderIsFaster() throws Exception {
        assumeTrue(pythonIsNewEnough(), "python3 has no eventfd_write before 3.10");
        var socket = daemon.file("robbed.sock");
        var loop =
                daemon.begin(
                        "python3",
                        Path.of(ExamplesIT.class.getResource("/robbed.py").toURI()).toString(),
                        example("epoll-loop.py"),
                        daemon.directory().toString(),
                        "robbed",
                        socket.toString());
        try (var client = raw();
                var held = client.open("robbed", EventfdSpec.counter())) {
            assertThat(loop.inputReader().readLine()).isEqualTo("ready");
            clear(Fd.borrow(held.fd().orElseThrow()));
            for (int i = 0; i < 5; i++) {
                held.write(1);
                DaemonProcess.until(() -> held.count() == 0);
                assertThat(upper(socket, "hello")).isEqualTo("HELLO");
            }
            held.write(1000);
            assertThat(loop.inputReader().readLine()).isEqualTo("woken 1000");
            assertThat(loop.waitFor()).isZero();
        } finally {
            loop.destroyForcibly();
        }
    }

    @Test
    void whatPythonReceivesIsNotInherited() throws Exception {
        var output =
                daemon.run(
                        "python3",
                        "-c",
                        "import os, sys; sys.path.insert(0, sys.argv[2]); import eventfdd; "
                                + "print(os.get_inheritable("
                                + "eventfdd.open_eventfd('cloexec', sys.argv[1])))",
                        daemon.directory().toString(),
                        EXAMPLES.toString());
        assertThat(output.strip()).isEqualTo("False");
    }

    @Test
    void aSelectorLoopServesItsSocketsAndIsWokenByAnotherProcess() throws Exception {
        var socket = daemon.file("selector.sock");
        var loop = java("SelectorLoop", "selector-wake", socket.toString());
        try (BufferedReader lines = loop.inputReader()) {
            assertThat(lines.readLine()).isEqualTo("ready");
            daemon.request().post("/v1/eventfds/selector-wake/write").then().statusCode(200);
            assertThat(lines.readLine()).isEqualTo("woken 1");
            breakOff(socket);
            assertThat(upper(socket, "hello")).isEqualTo("HELLO");
            daemon.request()
                    .contentType("application/json")
                    .body("{\"value\":1000}")
                    .post("/v1/eventfds/selector-wake/write")
                    .then()
                    .statusCode(200);
            assertThat(lines.readLine()).isEqualTo("woken 1000");
        }
        assertThat(loop.waitFor()).isZero();
    }

    @Test
    void twoJvmsPlayPingPong() throws Exception {
        var pong = java("PingPong", "pong", "2000");
        var ping = java("PingPong", "ping", "2000");
        assertThat(output(ping)).startsWith("ping: 2000 rounds").contains("Java 25");
        assertThat(output(pong)).startsWith("pong: 2000 rounds");
    }

    @Test
    void aJvm17AndAJvm25PlayPingPong() throws Exception {
        var pong = java(Java17.launcher(), fromClasses("PingPong"), "pong", "2000");
        var ping = java("PingPong", "ping", "2000");
        assertThat(output(ping)).startsWith("ping: 2000 rounds");
        assertThat(output(pong)).startsWith("pong: 2000 rounds").contains("Java 17");
    }

    @Test
    void aJvmAndPythonPlayPingPong() throws Exception {
        assumeTrue(pythonIsNewEnough(), "python3 has no eventfd_read before 3.10");
        var pong =
                daemon.begin("python3", example("pong.py"), daemon.directory().toString(), "2000");
        var ping = java("PingPong", "ping", "2000");
        assertThat(output(ping)).startsWith("ping: 2000 rounds");
        assertThat(output(pong)).startsWith("pong: 2000 rounds, Python");
    }

    @Test
    void eachPieceOfWorkGoesToOneWorkerOfThePool() throws Exception {
        // Before they begin: they end when there was no work for some seconds, which is not long on
        // a busy machine.
        assertThat(output(java("WorkerPool", "give", "100"))).isEmpty();
        var workers = List.of(java("WorkerPool", "work"), java("WorkerPool", "work"));
        for (var worker : workers) {
            assertThat(worker.inputReader().readLine()).isEqualTo("ready");
        }
        int done = 0;
        for (var worker : workers) {
            done += Integer.parseInt(worker.inputReader().readLine().substring("done ".length()));
        }
        assertThat(done).isEqualTo(100);
    }

    @Test
    void anItemOfAWorkerThatIsKilledGoesToAnotherWorker() throws Exception {
        assertThat(output(java("WorkQueue", "give", "20"))).isEmpty();
        var killed = List.of(slowWorker(), slowWorker());
        assertThat(items().get("leased")).isEqualTo(2);
        for (var worker : killed) {
            worker.destroyForcibly().onExit().join();
        }
        DaemonProcess.until(() -> items().equals(Map.of("count", 20, "leased", 0)));
        var lines = output(java("WorkQueue", "work", "0")).lines().toList();
        assertThat(lines).hasSize(21).endsWith("took 20", "done 20");
        assertThat(items()).isEqualTo(Map.of("count", 0, "leased", 0));
    }

    /** A worker that has an item, and does not get it done. */
    private Process slowWorker() throws IOException {
        var worker = java("WorkQueue", "work", "3600000");
        assertThat(worker.inputReader().readLine()).isEqualTo("took 1");
        return worker;
    }

    private Map<String, Integer> items() {
        var state = daemon.request().get("/v1/eventfds/items").jsonPath();
        return Map.of("count", state.getInt("count"), "leased", state.getInt("leased"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "PingPong; PingPong DIR ping|pong ROUNDS",
                "SelectorLoop; SelectorLoop DIR NAME SOCKET",
                "WorkQueue; WorkQueue DIR give N, or WorkQueue DIR work MILLISECONDS",
                "WorkerPool; WorkerPool DIR work, or WorkerPool DIR give N"
            })
    void aProgramWithoutItsArgumentsSaysHowItIsRun(String program, String usage) throws Exception {
        var ran = Ran.of(java(JAVA, fromSource(program)));
        assertThat(ran).isEqualTo(new Ran(2, "usage: " + usage));
    }

    private static List<String> fromClasses(String program) {
        return List.of("-cp", DaemonProcess.libraries() + ":" + classes, program);
    }

    /** As the programs say that they are run. */
    private static List<String> fromSource(String program) {
        return List.of("-cp", DaemonProcess.libraries(), example(program + ".java"));
    }

    private Process java(String program, String... arguments) throws IOException {
        return java(JAVA, fromClasses(program), arguments);
    }

    private Process java(Path java, List<String> program, String... arguments) throws IOException {
        var command = new ArrayList<String>(List.of(java.toString()));
        if (java.equals(JAVA)) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(program);
        command.add(daemon.directory().toString());
        command.addAll(List.of(arguments));
        return daemon.begin(command.toArray(String[]::new));
    }

    private static String output(Process process) throws Exception {
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    private static boolean pythonIsNewEnough() throws Exception {
        return new ProcessBuilder("python3", "-c", "import os; os.eventfd_read").start().waitFor()
                == 0;
    }

    /** A client that leaves without reading its answer: the loop's next read of it fails. */
    private static void breakOff(Path socket) throws IOException {
        try (var selector = Selector.open();
                var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8)));
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ);
            selector.select();
        }
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
