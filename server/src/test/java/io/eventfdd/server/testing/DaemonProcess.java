package io.eventfdd.server.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

import io.restassured.specification.RequestSpecification;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The packaged daemon as a process of its own, on a runtime directory of its own, and other
 * processes beside it.
 */
public final class DaemonProcess implements AutoCloseable {
    private static final Path DISTRIBUTION =
            Path.of(System.getProperty("eventfdd.dist", "target/dist"));

    /**
     * A command that becomes the one behind it, and has it hear the signals that a job in the
     * background is born deaf to, as these tests may be one.
     */
    public static final List<String> HEARING = List.of("env", "--default-signal=HUP,INT");

    private final Path parent;
    private final Path directory;
    private final List<String> prefix;
    private final List<String> options;
    private Process process;

    private DaemonProcess(Path parent, List<String> prefix, List<String> options)
            throws IOException {
        this(parent, prefix, options, parent.resolve("run"));
    }

    private DaemonProcess(Path parent, List<String> prefix, List<String> options, Path directory)
            throws IOException {
        this.parent = parent;
        this.directory = directory;
        this.prefix = prefix;
        this.options = new ArrayList<>(options);
        this.process = launch();
    }

    /** One that serves, with {@code options} of {@code serve}. */
    public static DaemonProcess start(String... options) throws IOException {
        return startUnder(List.of(), options);
    }

    /** The same under a command that becomes it: {@code prlimit}, {@code env}. */
    public static DaemonProcess startUnder(List<String> prefix, String... options)
            throws IOException {
        var daemon = new DaemonProcess(Files.createTempDirectory("efd"), prefix, List.of(options));
        daemon.awaitServing();
        return daemon;
    }

    /** One that serves, with its runtime directory in {@code parent}, which is left as it is. */
    public static DaemonProcess startIn(Path parent, String... options) throws IOException {
        var daemon =
                new DaemonProcess(
                        Files.createTempDirectory("efd"),
                        List.of(),
                        List.of(options),
                        parent.resolve("run"));
        daemon.awaitServing();
        return daemon;
    }

    private Process launch() throws IOException {
        var command = new ArrayList<>(HEARING);
        command.addAll(prefix);
        command.addAll(
                List.of(launcher().toString(), "serve", "--runtime-dir", directory().toString()));
        command.addAll(options);
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(out().toFile()))
                .redirectError(ProcessBuilder.Redirect.appendTo(err().toFile()))
                .start();
    }

    private void awaitServing() {
        try {
            until(() -> !process.isAlive() || read(out()).contains("curl"));
        } catch (AssertionError e) {
            process.destroyForcibly();
            throw new AssertionError("it does not serve in time; its log: " + read(err()), e);
        }
        assertThat(process.isAlive()).as(read(err())).isTrue();
    }

    /** The script that starts it. */
    public static Path launcher() {
        return DISTRIBUTION.resolve("bin/eventfdd").toAbsolutePath();
    }

    /** A class path with all of its jars, the library's among them. */
    public static String libraries() {
        return DISTRIBUTION.resolve("lib").toAbsolutePath() + "/*";
    }

    /** Starts it again, on the same directory. */
    public void restart() throws IOException {
        Files.delete(out());
        process = launch();
        awaitServing();
    }

    /** Starts another one, which takes over from this; it is this one from now on. */
    public void takeOver() throws IOException {
        Files.delete(out());
        var before = process;
        options.add("--takeover");
        try {
            process = launch();
        } finally {
            options.remove("--takeover");
        }
        awaitServing();
        assertThat(before.onExit().orTimeout(15, TimeUnit.SECONDS).join().exitValue()).isZero();
    }

    /**
     * Begins another one that asks for all that this has, and is refused; it says why by its
     * output.
     *
     * @param prefix a command that becomes it, or none
     * @param options of {@code serve}
     */
    public Process beginRefusedTakeover(List<String> prefix, String... options) throws IOException {
        var command = new ArrayList<>(prefix);
        command.addAll(List.of(launcher().toString(), "serve", "--takeover"));
        command.addAll(List.of("--runtime-dir", directory.toString()));
        command.addAll(List.of(options));
        return begin(command.toArray(String[]::new));
    }

    /** The runtime directory. */
    public Path directory() {
        return directory;
    }

    /** A file beside the runtime directory, for the test's own use. */
    public Path file(String name) {
        return parent.resolve(name);
    }

    /** The socket of the HTTP calls. */
    public Path api() {
        return directory().resolve("api.sock");
    }

    private Path out() {
        return parent.resolve("out");
    }

    private Path err() {
        return parent.resolve("err");
    }

    /** What it printed. */
    public String output() {
        return read(out());
    }

    /** What it logged. */
    public String log() {
        return read(err());
    }

    /** A request by REST Assured. */
    public RequestSpecification request() {
        return UnixRestAssured.given(api());
    }

    /** Creates a counter at 0. */
    public void create(String name) {
        create(name, "{}");
    }

    /** Creates an eventfd with a spec in JSON. */
    public void create(String name, String spec) {
        var answer = call("PUT", "/v1/eventfds/" + name, spec);
        assertThat(answer.status()).as(answer.body()).isIn(200, 201);
    }

    /** Adds {@code value}, an unsigned number, to the count of an eventfd. */
    public void write(String name, long value) {
        var body = "{\"value\":" + Long.toUnsignedString(value) + "}";
        var answer = call("POST", "/v1/eventfds/" + name + "/write", body);
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }

    /** Deletes an eventfd. */
    public void delete(String name) {
        var answer = call("DELETE", "/v1/eventfds/" + name, "");
        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
    }

    /** Ends all leases and deletes all eventfds, for a test that begins with none. */
    public void deleteAll() throws IOException {
        try (var client = connect()) {
            deleteAll(client, "/v1/leases", "id");
            deleteAll(client, "/v1/eventfds", "name");
        }
    }

    private static void deleteAll(RawClient client, String path, String key) throws IOException {
        JsonNode page;
        do {
            page = JsonText.parse(client.call("GET", path, "").answer().body());
            for (var one : page.findValuesAsText(key)) {
                var answer = client.call("DELETE", path + "/" + one, "").answer();
                // a lease may have ended meanwhile
                assertThat(answer.status()).as(answer.body()).isIn(204, 404);
            }
        } while (page.has("next"));
    }

    /** What an eventfd is like at this moment. */
    public JsonNode state(String name) {
        return get("/v1/eventfds/" + name);
    }

    /** The document at {@code path}. */
    public JsonNode get(String path) {
        var answer = call("GET", path, "");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return JsonText.parse(answer.body());
    }

    /** How many wait on an eventfd. */
    public int waiters(String name) {
        return state(name).path("waiters").asInt();
    }

    /** A call that is little work, since tests ask often for what they wait for. */
    private RawClient.Answer call(String method, String path, String body) {
        try (var client = connect()) {
            return client.call(method, path, body).answer();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A connection to send bytes on. */
    public RawClient connect() throws IOException {
        return RawClient.connect(api());
    }

    /** The process. */
    public Process process() {
        return process;
    }

    /** Sends it a signal, as kill(1) names it. */
    public void signal(String name) throws IOException {
        run("kill", "-" + name, Long.toString(process.pid()));
    }

    /** Its exit status, once it has ended. */
    public int exitStatus() throws InterruptedException {
        assertThat(process.waitFor(15, TimeUnit.SECONDS)).as("it ends").isTrue();
        return process.exitValue();
    }

    /** How many descriptors it has. */
    public long openFds() throws IOException {
        try (var fds = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
            return fds.count();
        }
    }

    /** Runs {@code command} to its end, which is a good one; what it printed. */
    public String run(String... command) throws IOException {
        return run(0, command);
    }

    /** Runs {@code command} until it ends with {@code status}; what it printed. */
    public String run(int status, String... command) throws IOException {
        var running = begin(command);
        var output =
                new String(
                        running.getInputStream().readAllBytes(),
                        java.nio.charset.StandardCharsets.UTF_8);
        try {
            assertThat(running.waitFor())
                    .as(String.join(" ", command) + "\n" + output)
                    .isEqualTo(status);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        return output;
    }

    /** Starts {@code command} beside it; what it prints comes by its output. */
    public Process begin(String... command) throws IOException {
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** Starts a shell's line, in which {@code $eventfdd} is the command. */
    public Process beginShell(String line) throws IOException {
        var command = new ArrayList<>(HEARING);
        command.add("EVENTFDD_RUNTIME_DIR=" + directory);
        command.add("eventfdd=" + launcher());
        command.addAll(List.of("bash", "-c", line));
        return begin(command.toArray(String[]::new));
    }

    /** Runs a shell's line, in which {@code $eventfdd} is the command. */
    public Ran shell(String line) throws IOException, InterruptedException {
        return Ran.of(beginShell(line));
    }

    /** Waits until {@code condition} holds. */
    public static void until(BooleanSupplier condition) {
        until(Duration.ofSeconds(30), condition);
    }

    /**
     * Waits until {@code condition} holds, for {@code most} at the most, and asks less and less
     * often.
     */
    public static void until(Duration most, BooleanSupplier condition) {
        long end = System.nanoTime() + most.toNanos();
        long pause = 1_000_000;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            LockSupport.parkNanos(pause);
            pause = Math.min(2 * pause, 50_000_000);
        }
    }

    private static String read(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        process.onExit().join();
        try (var files = Files.walk(parent)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
