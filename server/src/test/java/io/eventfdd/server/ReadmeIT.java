package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Every command and every line of Java in the READMEs does what it says, in their order. */
class ReadmeIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern BLOCK =
            Pattern.compile("^```(sh|java)\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    /** What a command prints, behind it. */
    private static final Pattern PRINTED = Pattern.compile("# (\\{.*})$", Pattern.MULTILINE);

    private static final String PROGRAM =
            """
            import io.eventfdd.client.*;
            import io.eventfdd.protocol.*;
            import java.nio.file.Path;
            import java.time.Duration;
            import java.util.*;
            import java.util.concurrent.*;

            public class Readme {
                public static void main(String[] arguments) throws Exception {
                    new Thread(Readme::signal) {{ setDaemon(true); }}.start();
            EXAMPLE
                }

                /** Somebody has to, where the example waits. */
                static void signal() {
                    try (EventfddClient client = EventfddClient.connect(Path.of("/tmp/eventfdd"));
                            Eventfd orders = client.open("orders", EventfdSpec.counter())) {
                        while (true) {
                            orders.write(1);
                            Thread.sleep(20);
                        }
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }
            }
            """;

    private record Block(String language, String text) {}

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "README.zh-CN.md"})
    void doesWhatItSays(String page) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/curl")), "curl is not installed");
        try (var daemon = DaemonProcess.start()) {
            for (var block : blocks(page)) {
                var text = block.text.replace("/tmp/eventfdd", daemon.directory().toString());
                if (block.language.equals("java")) {
                    run(daemon, text);
                } else if (isServe(text)) {
                    assertThat(text.strip())
                            .as("one command, as this daemon was started")
                            .isEqualTo(
                                    "server/bin/eventfdd serve --runtime-dir "
                                            + daemon.directory());
                } else if (!isThisBuild(text)) {
                    shell(text);
                }
            }
        }
    }

    private static List<Block> blocks(String page) throws IOException {
        var blocks =
                BLOCK.matcher(Files.readString(ROOT.resolve(page)))
                        .results()
                        .map(found -> new Block(found.group(1), found.group(2)))
                        .toList();
        assertThat(blocks).hasSizeGreaterThan(3);
        return blocks;
    }

    private static boolean isServe(String text) {
        return text.startsWith("server/bin/eventfdd serve");
    }

    private static boolean isThisBuild(String text) {
        return text.startsWith("mvn ");
    }

    private static void shell(String text) throws Exception {
        // The launcher of the source tree would build first; what is tested here is built already.
        var script = text.replace("server/bin/eventfdd", DaemonProcess.launcher().toString());
        var output = output(new ProcessBuilder("bash", "-euc", script).directory(ROOT.toFile()));
        PRINTED.matcher(text)
                .results()
                .forEach(expected -> assertThat(output).as(text).contains(expected.group(1)));
    }

    private static void run(DaemonProcess daemon, String example) throws Exception {
        var program =
                PROGRAM.replace("EXAMPLE", example)
                        .replace("/tmp/eventfdd", daemon.directory().toString());
        var file = Files.writeString(daemon.file("Readme.java"), program);
        var java = Path.of(System.getProperty("java.home"), "bin/java").toString();
        var _ =
                output(
                        new ProcessBuilder(
                                java,
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                DaemonProcess.libraries(),
                                file.toString()));
    }

    private static String output(ProcessBuilder builder) throws Exception {
        var process = builder.redirectErrorStream(true).start();
        process.getOutputStream().close();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(builder.command() + "\n" + output).isZero();
        return output;
    }
}
