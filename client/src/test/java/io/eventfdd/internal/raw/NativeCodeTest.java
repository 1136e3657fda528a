package io.eventfdd.internal.raw;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.Transport;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** What the library does in a JVM where it can make no system call. */
@Timeout(300)
class NativeCodeTest {
    private static final String CLASS_PATH = System.getProperty("java.class.path");

    @TempDir private Path directory;

    /** Asks for either transport in a directory where no daemon serves, and prints what it gets. */
    static final class Program {
        public static void main(String[] arguments) {
            for (var transport : List.of(Transport.AUTO, Transport.AUTO, Transport.RAW)) {
                try {
                    EventfddClient.builder()
                            .runtimeDirectory(Path.of(arguments[0]))
                            .transport(transport)
                            .connect()
                            .close();
                } catch (EventfddException e) {
                    System.out.println(e.getClass().getSimpleName());
                }
            }
        }
    }

    @Test
    void withoutJnaAllGoesOverHttpAndTheLogSaysSoOnce() throws Exception {
        var withoutJna =
                Arrays.stream(CLASS_PATH.split(File.pathSeparator))
                        .filter(entry ->
                                !Path.of(entry).getFileName().toString().startsWith("jna-"))
                        .collect(Collectors.joining(File.pathSeparator));
        assertThat(withoutJna).isNotEqualTo(CLASS_PATH);
        var errors = run(withoutJna);
        assertThat(errors)
                .containsOnlyOnce("no raw eventfds in this JVM")
                .contains("add net.java.dev.jna:jna to the class path");
    }

    @Test
    void whereJnaCannotLoadItsNativeHalfLikewise() throws Exception {
        var errors = run(CLASS_PATH, "-Djna.nounpack=true", "-Djna.nosys=true");
        assertThat(errors)
                .containsOnlyOnce("no raw eventfds in this JVM")
                .contains("UnsatisfiedLinkError", "-Djna.tmpdir");
    }

    /** What it printed as errors: it found no daemon over HTTP, and raw eventfds cannot be had. */
    private String run(String classPath, String... options) throws Exception {
        Files.createFile(directory.resolve("fd.sock"));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath, Program.class.getName(), directory.toString()));
        var process = new ProcessBuilder(command).start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
            assertThat(new String(process.getInputStream().readAllBytes(), UTF_8).lines())
                    .containsExactly(
                            "DaemonUnavailableException",
                            "DaemonUnavailableException",
                            "SystemCallException");
            return new String(process.getErrorStream().readAllBytes(), UTF_8);
        } finally {
            process.destroyForcibly();
        }
    }
}
