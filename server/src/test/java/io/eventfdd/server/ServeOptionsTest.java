package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

class ServeOptionsTest {
    @Test
    void noOptionsAtAllArePlain() {
        assertThat(ServeOptions.plain(List.of()))
                .contains(new ServeOptions(Map.of(), null, null, false));
    }

    @Test
    void anOptionHasItsValueAfterAnEqualsSignOrAsTheNextWord() {
        var words =
                "--runtime-dir /tmp/x --config=/etc/x.yaml --takeover --max-wait 2h --max-keys=5";
        assertThat(ServeOptions.plain(List.of(words.split(" "))))
                .contains(
                        new ServeOptions(
                                Map.of("max-wait", "2h", "max-keys", "5"),
                                Path.of("/tmp/x"),
                                Path.of("/etc/x.yaml"),
                                true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "-h",
                "--version",
                "here",
                "--no-such-thing 1",
                "max-wait 2h",
                "--max-wait",
                "--max-wait=",
                "--max-wait --takeover",
                "--max-wait 2h --max-wait 3h",
                "--runtime-dir /tmp/x here",
                "--takeover --takeover",
                "--takeover=true"
            })
    void anythingElseIsLeftToPicocli(String words) {
        assertThat(ServeOptions.plain(List.of(words.split(" ")))).isEmpty();
    }

    @Test
    void soIsAPathThatCannotBeOne() {
        assertThat(ServeOptions.plain(List.of("--runtime-dir", "/tmp/\0"))).isEmpty();
        assertThat(ServeOptions.plain(List.of("--config=/etc/\0"))).isEmpty();
    }
}
