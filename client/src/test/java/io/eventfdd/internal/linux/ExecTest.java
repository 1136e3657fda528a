package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is left of an exec that fails; one that does not is another process's to tell. */
class ExecTest {
    private static List<String> descriptors() throws Exception {
        var descriptors = new ArrayList<String>();
        for (int i = 0; i < 6; i++) {
            var link = Path.of("/proc/self/fd/" + i);
            descriptors.add(
                    Files.isSymbolicLink(link) ? Files.readSymbolicLink(link).toString() : "none");
        }
        return descriptors;
    }

    @Test
    void aProgramThatCannotBeRunLeavesTheDescriptorsAsTheyWere() throws Exception {
        // The last word of a test's command line is no program.
        var exec = Exec.ofLastWords(1);
        try (var one = EventFd.create(1, false, true);
                var other = EventFd.create(2, false, true)) {
            var before = descriptors();
            assertThatThrownBy(() ->
                            exec.become(
                                    List.of(one.fd(), other.fd()),
                                    Set.of(),
                                    Map.of("EVENTFDD_T", "1")))
                    .isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("execvp");
            assertThat(descriptors()).isEqualTo(before);
            assertThat(one.read()).isEqualTo(1);
            assertThat(other.read()).isEqualTo(2);
        }
    }

    /** A program that fails to become another one, in a JVM that has done nothing before. */
    static final class Failing {
        private Failing() {}

        public static void main(String[] arguments) throws Exception {
            try (var one = EventFd.create(1, false, true);
                    var other = EventFd.create(2, false, true)) {
                for (int i = 0; i < 3; i++) {
                    try {
                        Exec.ofLastWords(1)
                                .become(List.of(one.fd(), other.fd()), Set.of(), Map.of());
                    } catch (ErrnoException e) {
                        System.out.println(e.getMessage());
                    }
                }
                // of a class that is loaded only now
                System.out.println(HexFormat.of().formatHex(new byte[] {1}));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aJvmThatHasYetToLoadItsClassesSurvivesAProgramThatCannotBeRun(boolean foreign)
            throws Exception {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var command =
                new ProcessBuilder(
                        java,
                        "-Deventfdd.foreign=" + foreign,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Failing.class.getName(),
                        "no-such-program");
        command.environment()
                .put("JDK_JAVA_OPTIONS", "--enable-native-access=ALL-UNNAMED -Xshare:off");
        var process = command.redirectErrorStream(true).start();
        var output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output.lines().filter(line -> line.startsWith("execvp"))).hasSize(3);
        assertThat(output).endsWith("01\n");
    }

    @Test
    void wordsThatAreNotThereAreRefused() {
        assertThatThrownBy(() -> Exec.ofLastWords(0)).hasMessageContaining("0 of ");
        assertThatThrownBy(() -> Exec.ofLastWords(1 << 20)).hasMessageContaining(" words");
    }
}
