package io.eventfdd.server.http;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyString;
import static org.hamcrest.Matchers.equalTo;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;

/** The calls of server/API.md that read and write, and the values that they may have. */
@Timeout(300)
class ReadAndWriteApiTest extends EventfdApiCalls {
    // write

    @Test
    void aWriteAddsOneWhereNothingIsSaid() {
        var name = counter();
        assertThat(write(name, "").asString()).isEqualTo(text(name, "value", "1"));
        assertThat(write(name, "{}").asString()).isEqualTo(text(name, "value", "1"));
        assertThat(write(name, "{\"value\":\"5\"}").asString()).isEqualTo(text(name, "value", "5"));
        assertThat(count(name)).isEqualTo("7");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "9007199254740993",
                "9223372036854775807",
                "9223372036854775808",
                "18446744073709551613",
                MAX
            })
    void everyCountOf64BitsComesBackWhole(String value) {
        var name = counter();
        var valueOf = text(name, "value", value);
        var countOf = text(name, "count", value);
        assertThat(write(name, "{\"value\":" + value + "}").asString()).isEqualTo(valueOf);
        assertThat(send("GET", path(name), "").asString()).contains("\"count\":" + value + ",");
        assertThat(await(name, "?timeout=0s").asString()).isEqualTo(countOf);
        assertThat(awaitMany("{\"eventfds\":[\"" + name + "\"]}").asString())
                .isEqualTo("{\"ready\":[" + countOf + "]}");
        assertThat(read(name, "").asString()).isEqualTo(valueOf);
        write(name, "{\"value\":\"" + value + "\"}").then().statusCode(200);
        assertThat(awaitMany("{\"eventfds\":[\"" + name + "\"],\"consume\":true}").asString())
                .isEqualTo("{\"ready\":[" + valueOf + "]}");
        assertThat(count(name)).isEqualTo("0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-1",
                "-3",
                "18446744073709551615",
                "18446744073709551616",
                "\"0\"",
                "\"-3\"",
                "\"\"",
                "\"one\""
            })
    void anotherNumberIsAnInvalidValueAndAddsNothing(String value) {
        var name = counter();
        assertProblem(write(name, "{\"value\":" + value + "}"), 400, "invalid-value")
                .body("detail", containsString("value"));
        assertThat(count(name)).isEqualTo("0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"value\":1.0}",
                "{\"value\":1e3}",
                "{\"value\":null}",
                "{\"value\":true}",
                "{\"vlaue\":1}",
                "{\"value\":1,\"value\":1}",
                "{\"timeout\":0}",
                "[1]",
                "1",
                "{"
            })
    void aMalformedWriteAddsNothing(String body) {
        var name = counter();
        assertProblem(write(name, body), 400, "invalid-request");
        assertThat(count(name)).isEqualTo("0");
    }

    @Test
    void whatHasNoRoomIsRefusedAndAddsNothing() {
        var name = counter();
        add(name, MAX);
        assertProblem(write(name, ""), 409, "would-block").body("errno", equalTo("EAGAIN"));
        assertProblem(write(name, "{\"timeout\":\"30ms\"}"), 409, "would-block");
        assertThat(read(name, "").asString()).isEqualTo(text(name, "value", MAX));
        assertThat(count(name)).isEqualTo("0");
    }

    @Test
    void writesThatWaitForRoomAreServedInTheirOrder() throws IOException {
        var name = counter();
        add(name, MAX);
        var body = "{\"timeout\":\"30s\",\"value\":";
        var big = waiting(name, 1, "POST", path(name) + "/write", body + MAX + "}");
        var small = waiting(name, 2, "POST", path(name) + "/write", body + "1}");
        read(name, "").then().statusCode(200);
        assertAnswer(big, 200, text(name, "value", MAX));
        assertThat(count(name)).isEqualTo(MAX);
        read(name, "").then().statusCode(200);
        assertAnswer(small, 200, text(name, "value", "1"));
        assertThat(count(name)).isEqualTo("1");
    }

    // read

    @Test
    void aCounterGivesAllAndASemaphoreOne() {
        var all = make("{\"initial\":3}");
        assertThat(read(all, "").asString()).isEqualTo(text(all, "value", "3"));
        read(all, "").then().statusCode(204).body(emptyString());
        var one = make("{\"initial\":2,\"semaphore\":true}");
        assertThat(read(one, "").asString()).isEqualTo(text(one, "value", "1"));
        assertThat(read(one, "{}").asString()).isEqualTo(text(one, "value", "1"));
        read(one, "").then().statusCode(204);
    }

    @Test
    void whoConsumesIsServedFirstComeFirstServed() throws IOException {
        var name = semaphore();
        var first = waitingRead(name, 1);
        var second =
                waiting(
                        name,
                        2,
                        "POST",
                        "/v1/wait",
                        "{\"eventfds\":[\"" + name + "\"],\"consume\":true}");
        var third = waitingRead(name, 3);
        var one = text(name, "value", "1");
        add(name, "1");
        assertAnswer(first, 200, one);
        assertThat(waiters(name)).isEqualTo(2);
        add(name, "1");
        assertAnswer(second, 200, "{\"ready\":[" + one + "]}");
        assertThat(waiters(name)).isEqualTo(1);
        add(name, "1");
        assertAnswer(third, 200, one);
    }

    @Test
    void whoOnlyLooksWakesBeforeAConsumerTakesTheCount() throws IOException {
        var name = counter();
        var consumer = waitingRead(name, 1);
        var looking = waiting(name, 2, "GET", path(name) + "/wait", "");
        var lookingAtMany =
                waiting(name, 3, "POST", "/v1/wait", "{\"eventfds\":[\"" + name + "\"]}");
        add(name, "9");
        assertAnswer(looking, 200, text(name, "count", "9"));
        assertAnswer(lookingAtMany, 200, "{\"ready\":[" + text(name, "count", "9") + "]}");
        assertAnswer(consumer, 200, text(name, "value", "9"));
        assertThat(count(name)).isEqualTo("0");
    }

    @Test
    void aClientThatWentTakesNothing() throws IOException {
        var name = counter();
        waitingRead(name, 1).close();
        until(() -> waiters(name) == 0);
        add(name, "4");
        assertThat(count(name)).isEqualTo("4");
    }

    @Test
    void aClientThatOnlyStoppedSendingIsServed() throws IOException {
        var name = counter();
        var client = waitingRead(name, 1);
        client.channel().shutdownOutput();
        add(name, "4");
        assertAnswer(client, 200, text(name, "value", "4"));
    }
}
