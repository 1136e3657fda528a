package io.eventfdd.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The examples in the library's Javadoc, compiled and run against a daemon: every public type has
 * one, and a comment behind a {@code println} is what it prints.
 */
class JavadocExamplesIT {
    private static final Path SOURCES = Path.of("../client/src/main/java/io/eventfdd/client");
    private static final Pattern EXAMPLE =
            Pattern.compile("<pre>\\{@code\\n(.*?)\\n\\s*\\* }</pre>", Pattern.DOTALL);
    private static final Pattern PRINTED =
            Pattern.compile("System\\.out\\.println\\((.*)\\); // (.*)");

    private static final String HEAD =
            """
            import io.eventfdd.client.*;
            import java.nio.file.Path;
            import java.time.Duration;
            import java.util.List;
            import java.util.concurrent.*;

            public class Examples {
                static void fresh() {
                    try (EventfddClient client = EventfddClient.connect()) {
                        client.delete("orders");
                    } catch (NotFoundException e) {
                        // as it should be
                    }
                }

                static void check(Object printed, String expected) {
                    if (!String.valueOf(printed).equals(expected)) {
                        throw new AssertionError(printed + " is not " + expected);
                    }
                }
            """;

    @Test
    void everyPublicTypeHasAnExampleThatDoesWhatItSays() throws Exception {
        try (var daemon = DaemonProcess.start()) {
            var program = new StringBuilder(HEAD);
            var names = new ArrayList<String>();
            try (var files = Files.list(SOURCES)) {
                for (var file : files.sorted().toList()) {
                    addExamples(file, daemon.directory(), program, names);
                }
            }
            program.append("    public static void main(String[] arguments) throws Exception {\n");
            names.forEach(name ->
                    program.append("        fresh();\n        ").append(name).append("();\n"));
            program.append("    }\n}\n");
            run(daemon, program.toString());
        }
    }

    private static void addExamples(
            Path file, Path directory, StringBuilder program, List<String> names)
            throws IOException {
        var source = Files.readString(file);
        var type = file.getFileName().toString().replace(".java", "");
        boolean found = false;
        for (var match = EXAMPLE.matcher(source); match.find(); found = true) {
            var name = type + "_" + names.size();
            names.add(name);
            program.append("    static void ").append(name).append("() throws Exception {\n");
            program.append(method(match.group(1).replaceAll("(?m)^\\s*\\* ?", ""), directory));
            program.append("    }\n");
        }
        if (Pattern.compile("^public ", Pattern.MULTILINE).matcher(source).find()) {
            assertThat(found).as(type + " has an example").isTrue();
        }
    }

    private static String method(String example, Path directory) {
        var code =
                PRINTED.matcher(example.replace("/run/eventfdd", directory.toString()))
                        .replaceAll("check($1, \"$2\");");
        if (code.contains("EventfddClient client")) {
            return code + "\n";
        }
        return "try (EventfddClient client = EventfddClient.connect(); "
                + "Eventfd orders = client.open(\"orders\", EventfdSpec.counter())) {\n"
                + code
                + "\n}\n";
    }

    private static void run(DaemonProcess daemon, String program) throws Exception {
        var file = Files.writeString(daemon.file("Examples.java"), program);
        var java = Path.of(System.getProperty("java.home"), "bin/java").toString();
        var builder =
                new ProcessBuilder(
                                java,
                                "--enable-native-access=ALL-UNNAMED",
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-cp",
                                DaemonProcess.libraries(),
                                file.toString())
                        .redirectErrorStream(true);
        builder.environment().put("EVENTFDD_RUNTIME_DIR", daemon.directory().toString());
        var process = builder.start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output + "\n" + program).isZero();
    }
}
