package io.eventfdd.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.EventfdName;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.stream.IntStream;

class OpenReplyTest {
    @Test
    void itIsWrittenAsTheProtocolHasIt() {
        var reply =
                new OpenReply(
                        List.of(
                                new OpenReply.Entry(new EventfdName("a-1._"), true, false, true),
                                new OpenReply.Entry(new EventfdName("b"), false, true, false)));
        assertThat(reply.toBytes())
                .asString(UTF_8)
                .isEqualTo(
                        "{\"eventfds\":[{\"name\":\"a-1._\",\"semaphore\":true,"
                                + "\"nonblocking\":false,\"created\":true},{\"name\":\"b\","
                                + "\"semaphore\":false,\"nonblocking\":true,\"created\":false}]}");
        assertThat(OpenReply.from(JsonFields.parse(reply.toBytes()))).isEqualTo(reply);
    }

    @Test
    void fieldsOfLaterVersionsArePassedBy() {
        var json = "{\"eventfds\":[{\"name\":\"a\",\"colour\":\"red\"}],\"took\":1}";
        assertThat(OpenReply.from(JsonFields.parse(json.getBytes(UTF_8))).entries())
                .containsExactly(new OpenReply.Entry(new EventfdName("a"), false, true, false));
    }

    @Test
    void theLongestReplyFitsInAPacket() {
        var entries =
                IntStream.range(0, OpenRequest.MAX_ENTRIES)
                        .mapToObj(i -> new EventfdName("x".repeat(125) + (100 + i)))
                        .map(name -> new OpenReply.Entry(name, false, false, false))
                        .toList();
        assertThat(new OpenReply(entries).toBytes()).hasSizeLessThan(OpenRequest.MAX_PACKET);
    }
}
