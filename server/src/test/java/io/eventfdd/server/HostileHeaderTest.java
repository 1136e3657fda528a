package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.RawClient;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

import java.io.IOException;
import java.util.Map;

/**
 * Whatever a header says, the call is carried out or refused, and a wish is no more than a wish.
 */
class HostileHeaderTest {
    private static DaemonUnderTest daemon;

    @BeforeContainer
    static void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of("max-wait", "1s", "max-keys", "1000000"));
        daemon.request().put("/v1/eventfds/empty").then().statusCode(201);
    }

    @AfterContainer
    static void stop() throws IOException {
        daemon.close();
    }

    private static int read(String header, String value) throws IOException {
        var answer =
                RawClient.exchange(
                        daemon.api(),
                        "POST /v1/eventfds/empty/read HTTP/1.1\r\nHost: x\r\n"
                                + header
                                + ": "
                                + value
                                + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        if (answer.status() != 204) {
            assertThat(answer.body()).contains("urn:eventfdd:problem:invalid-request");
        }
        return answer.status();
    }

    @Property(seed = "1", tries = 500)
    void anIdempotencyKeyIsVisibleAsciiAndNotTooLong(@ForAll("values") String key)
            throws IOException {
        boolean isOne = key.strip().matches("[\\x21-\\x7e]{1,255}");
        assertThat(read("Idempotency-Key", key)).isEqualTo(isOne ? 204 : 400);
    }

    @Property(seed = "2", tries = 500)
    void aPreferenceThatIsNoneIsNoMatter(@ForAll("preferences") String preference)
            throws IOException {
        assertThat(read("Prefer", preference)).isIn(204, 400);
    }

    @Provide
    Arbitrary<String> values() {
        return Arbitraries.oneOf(
                Arbitraries.strings().withCharRange('!', '~').ofMinLength(1).ofMaxLength(300),
                Arbitraries.strings().withCharRange(' ', '~').ofMinLength(1).ofMaxLength(20),
                Arbitraries.strings()
                        .withCharRange('\u0080', '\u2fff')
                        .ofMinLength(1)
                        .ofMaxLength(9));
    }

    @Provide
    Arbitrary<String> preferences() {
        var pieces =
                Arbitraries.of(
                        "wait",
                        "=",
                        "0",
                        "\"0\"",
                        "\"",
                        ",",
                        ";",
                        " ",
                        "respond-async",
                        "-1",
                        "00",
                        "99999999999999999999",
                        "1.5",
                        "wait=0",
                        "x=y",
                        "\\",
                        "\t",
                        "\u00e9");
        return Arbitraries.oneOf(
                pieces.list().ofMaxSize(8).map(all -> String.join("", all)), values());
    }
}
