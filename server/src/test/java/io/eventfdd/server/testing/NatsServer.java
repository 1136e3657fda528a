package io.eventfdd.server.testing;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.MessageInfo;
import io.nats.client.impl.Headers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** A real nats-server with JetStream, on files of its own. Tests are skipped if there is none. */
public final class NatsServer implements AutoCloseable {
    /** The error of a subject without messages. */
    public static final int NO_MESSAGE = 10037;

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final JetStreamOptions PATIENT =
            JetStreamOptions.builder().requestTimeout(PATIENCE).build();

    private static final Path PROGRAM = Path.of("/usr/sbin/nats-server");

    /** Ports that the kernel gives to nobody by itself, so that a restart finds its own free. */
    private static final int LEAST_PORT = 20_000;

    private static final int MOST_PORT = 32_000;

    private final Path directory;
    private final String address;
    private final List<String> options;
    private int port;
    private Process process;

    private NatsServer(Path directory, String address, List<String> options) throws IOException {
        this.directory = directory;
        this.address = address;
        this.options = List.copyOf(options);
        do {
            port = ThreadLocalRandom.current().nextInt(LEAST_PORT, MOST_PORT);
            process = launch();
        } while (!isReady());
    }

    /** One that serves; without the program, the test is skipped. */
    public static NatsServer start() throws IOException {
        return startAt("127.0.0.1");
    }

    /** The same for the clients of some address. */
    public static NatsServer startAt(String address) throws IOException {
        return start(address, List.of());
    }

    /** The same with more options of its command line. */
    public static NatsServer startWith(List<String> options) throws IOException {
        return start("127.0.0.1", options);
    }

    private static NatsServer start(String address, List<String> options) throws IOException {
        assumeTrue(
                Files.isExecutable(PROGRAM),
                "SKIP: there is no " + PROGRAM + " (apt-get install nats-server)");
        return new NatsServer(Files.createTempDirectory("nats"), address, options);
    }

    private Process launch() throws IOException {
        Files.deleteIfExists(log());
        var command = new ArrayList<>(List.of(PROGRAM.toString(), "-js"));
        command.addAll(List.of("-sd", directory.toString()));
        command.addAll(List.of("-a", address, "-p", Integer.toString(port)));
        command.addAll(options);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log().toFile())
                .start();
    }

    /** Waits until it serves; false if it has ended because another process has the port. */
    private boolean isReady() {
        until(() -> !process.isAlive() || output().contains("Server is ready"));
        boolean serves = process.isAlive();
        assertThat(serves || output().contains("address already in use")).as(output()).isTrue();
        return serves;
    }

    private Path log() {
        return directory.resolve("log");
    }

    private String output() {
        try {
            return Files.exists(log()) ? Files.readString(log()) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where clients find it. */
    public String url() {
        return urlAt("127.0.0.1");
    }

    /** The port that it listens on. */
    public int port() {
        return port;
    }

    /** Where clients find it that know this host by {@code name}. */
    public String urlAt(String name) {
        return "nats://" + name + ":" + port;
    }

    /** A call to its streams. */
    @FunctionalInterface
    public interface Call<T> {
        /** Makes it. */
        T on(JetStreamManagement streams) throws IOException, JetStreamApiException;
    }

    /** Publishes a message to a stream. */
    public void publish(String subject, String body) {
        publish(subject, new Headers(), body);
    }

    /** The same with headers. */
    public void publish(String subject, Headers headers, String body) {
        publish(subject, List.of(headers), body);
    }

    /** A message for each of {@code all} headers. */
    public void publish(String subject, List<Headers> all, String body) {
        try {
            var connection = connect();
            try {
                var text = body.getBytes(StandardCharsets.UTF_8);
                var stream = connection.jetStream(PATIENT);
                for (var headers : all) {
                    var _ = stream.publish(subject, headers, text);
                }
            } finally {
                connection.close();
            }
        } catch (IOException | JetStreamApiException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Makes a call on a connection of its own. */
    public <T> T streams(Call<T> call) {
        try {
            var connection = connect();
            try {
                return call.on(connection.jetStreamManagement(PATIENT));
            } finally {
                connection.close();
            }
        } catch (IOException | JetStreamApiException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Deletes all streams, and starts it first if it was killed. */
    public void clear() throws IOException {
        if (!process.isAlive()) {
            restart();
        }
        var _ =
                streams(streams -> {
                    for (var name : streams.getStreamNames()) {
                        var _ = streams.deleteStream(name);
                    }
                    return true;
                });
    }

    /** The last message of a subject, if there is one. */
    public Optional<MessageInfo> last(String stream, String subject) {
        return streams(streams -> {
            try {
                return Optional.of(streams.getLastMessage(stream, subject));
            } catch (JetStreamApiException e) {
                if (e.getApiErrorCode() == NO_MESSAGE) {
                    return Optional.empty();
                }
                throw e;
            }
        });
    }

    /** The body of a message. */
    public static String text(MessageInfo message) {
        return new String(message.getData(), StandardCharsets.UTF_8);
    }

    /** A connection for which the server may take its time, as while much else runs. */
    private Connection connect() throws IOException, InterruptedException {
        var options = Options.builder().server(url()).connectionTimeout(PATIENCE).build();
        return Nats.connect(options);
    }

    /** Ends it by SIGKILL. */
    public void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** Starts it again on the same files and the same port. */
    public void restart() throws IOException {
        process = launch();
        assertThat(isReady()).as(output()).isTrue();
    }

    @Override
    public void close() throws IOException {
        kill();
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
