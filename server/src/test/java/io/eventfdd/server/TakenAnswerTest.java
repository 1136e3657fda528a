package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** A value that was taken stays taken, whatever becomes of the connection after it. */
@Timeout(300)
class TakenAnswerTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /v1/eventfds/n HT",
                "POST /v1/eventfds/n/write HTTP/1.1\r\nHost: x\r\n",
                "POST /v1/eventfds/n/write HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
                "this is not HTTP\r\n\r\n",
                "GET /v1/eventfds/n HTTP/1.1\r\nHost: x\r\n\r\n",
            })
    void aClientThatDiesOverItsNextRequestHasTheValueOfTheLast(String next) throws Exception {
        try (var daemon = new DaemonUnderTest(Map.of());
                var witness = daemon.connect()) {
            var made = "{\"initial\":5}";
            assertThat(witness.call("PUT", "/v1/eventfds/n", made).answer().status())
                    .isEqualTo(201);
            var client = daemon.connect().call("POST", "/v1/eventfds/n/read", "");
            assertThat(client.answer().body()).contains("\"value\":5");
            client.send(next);
            client.close();
            until(() -> connections(witness) == 1);
            assertThat(witness.call("GET", "/v1/eventfds/n", "").answer().body())
                    .contains("\"count\":0");
        }
    }

    private static int connections(RawClient witness) {
        try {
            // twice, so that all that was submitted to the loop before is done
            witness.call("GET", "/metrics", "").answer();
            return witness.call("GET", "/metrics", "")
                    .answer()
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("eventfdd_connections "))
                    .mapToInt(line -> (int) Double.parseDouble(line.substring(21)))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
