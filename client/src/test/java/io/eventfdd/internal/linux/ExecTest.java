package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

    @Test
    void wordsThatAreNotThereAreRefused() {
        assertThatThrownBy(() -> Exec.ofLastWords(0)).hasMessageContaining("0 of ");
        assertThatThrownBy(() -> Exec.ofLastWords(1 << 20)).hasMessageContaining(" words");
    }
}
