package io.eventfdd.server.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The packaged bridge as a process of its own, beside a daemon, whose files it shares. */
public final class BridgeProcess implements AutoCloseable {
    private final Path directory;
    private final Path file;
    private final Path log;
    private final List<String> prefix;
    private Process process;

    private BridgeProcess(DaemonProcess daemon, String name, String links, List<String> prefix)
            throws IOException {
        this(daemon, name, links, prefix, daemon.directory());
    }

    private BridgeProcess(
            DaemonProcess daemon, String name, String links, List<String> prefix, Path directory)
            throws IOException {
        this.directory = directory;
        this.prefix = List.copyOf(prefix);
        this.file = daemon.file(name + ".yaml");
        this.log = daemon.file(name + ".log");
        Files.writeString(file, links);
        Files.deleteIfExists(log);
        this.process = launch();
    }

    /** One that has started, and perhaps waits for something. */
    public static BridgeProcess start(
            DaemonProcess daemon, NatsServer nats, String host, String links) throws IOException {
        return new BridgeProcess(daemon, host, yaml(nats.url(), host, links), List.of());
    }

    /** One that looks for the sockets in {@code directory}. */
    public static BridgeProcess startAt(
            Path directory, DaemonProcess daemon, NatsServer nats, String host, String links)
            throws IOException {
        return new BridgeProcess(daemon, host, yaml(nats.url(), host, links), List.of(), directory);
    }

    /** One with the file {@code yaml}, and a name for it. */
    public static BridgeProcess startWith(DaemonProcess daemon, String name, String yaml)
            throws IOException {
        return new BridgeProcess(daemon, name, yaml, List.of());
    }

    /** One on a host with a network of its own. */
    public static BridgeProcess startIn(
            HostNetwork network, DaemonProcess daemon, NatsServer nats, String host, String links)
            throws IOException {
        var yaml = yaml(nats.urlAt(network.ours()), host, links);
        return new BridgeProcess(daemon, host, yaml, network.prefix());
    }

    /** A file with the links of {@code links}. */
    public static String yaml(String url, String host, String links) {
        return "host: %s\nnats: {servers: [\"%s\"]}\nlinks:\n%s".formatted(host, url, links);
    }

    private Process launch() throws IOException {
        return new ProcessBuilder(command())
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    private List<String> command() {
        var command = new ArrayList<>(prefix);
        command.addAll(command(directory, file));
        return command;
    }

    private static List<String> command(Path directory, Path file, String... more) {
        var command = new ArrayList<>(DaemonProcess.HEARING);
        command.addAll(List.of(DaemonProcess.launcher().toString(), "bridge"));
        command.addAll(List.of("--config", file.toString()));
        command.addAll(List.of("--runtime-dir", directory.toString()));
        command.addAll(List.of(more));
        return command;
    }

    /** What {@code --check} prints about {@code links}, when it ends with {@code status}. */
    public static String check(
            DaemonProcess daemon, NatsServer nats, String host, String links, int status)
            throws IOException {
        var file = daemon.file("check.yaml");
        Files.writeString(file, yaml(nats.url(), host, links));
        var command = command(daemon.directory(), file, "--check");
        return daemon.run(status, command.toArray(String[]::new));
    }

    /**
     * Waits until {@code condition} holds, and longer than other tests do: messages on the way to a
     * host that was killed go to another one after ten seconds, which may be killed as well.
     */
    public static void until(BooleanSupplier condition) {
        DaemonProcess.until(Duration.ofMinutes(2), condition);
    }

    /** Waits until its log has {@code text}. */
    public BridgeProcess awaitLog(String text) {
        until(() -> log().contains(text) || !process.isAlive());
        assertThat(log()).contains(text);
        return this;
    }

    /** What it logged, over all restarts. */
    public String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends it by SIGKILL. */
    public void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** Ends it by SIGTERM; its exit status. */
    public int stop() throws InterruptedException {
        process.destroy();
        assertThat(process.waitFor(15, TimeUnit.SECONDS)).as("it ends").isTrue();
        return process.exitValue();
    }

    /** Starts it again, with the same file. */
    public void restart() throws IOException {
        process = launch();
    }

    @Override
    public void close() {
        kill();
    }
}
