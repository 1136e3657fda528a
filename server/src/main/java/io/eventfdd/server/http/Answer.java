package io.eventfdd.server.http;

import com.fasterxml.jackson.databind.node.ObjectNode;

import io.eventfdd.protocol.Json;
import io.eventfdd.protocol.Problem;
import io.eventfdd.server.loop.Reading;

import java.util.List;

/** What a call answers, before it is sent, and what it took from eventfds for that. Immutable. */
final class Answer {
    private static final Answer NO_CONTENT = new Answer(204, "", new byte[0], List.of());

    private final int status;
    private final String mediaType;
    private final byte[] body;
    private final List<Reading> taken;

    private Answer(int status, String mediaType, byte[] body, List<Reading> taken) {
        this.status = status;
        this.mediaType = mediaType;
        this.body = body;
        this.taken = taken;
    }

    static Answer ok(ObjectNode body) {
        return ok(body, List.of());
    }

    /** {@code taken} is the client's once the client has taken the answer. */
    static Answer ok(ObjectNode body, List<Reading> taken) {
        return new Answer(200, "application/json", Json.bytes(body), taken);
    }

    static Answer noContent() {
        return NO_CONTENT;
    }

    static Answer of(Problem problem) {
        return new Answer(problem.status(), Problem.MEDIA_TYPE, problem.toBytes(), List.of());
    }

    List<Reading> taken() {
        return taken;
    }

    /** The bytes of its body. */
    int size() {
        return body.length;
    }

    void sendTo(Exchange exchange) {
        if (status == 204) {
            exchange.noContent();
        } else {
            exchange.send(status, mediaType, body);
        }
    }
}
