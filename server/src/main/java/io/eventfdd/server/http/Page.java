package io.eventfdd.server.http;

import io.eventfdd.internal.wire.Json;

import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * What those who run the daemon ask for: the same to everybody, and with nothing to be said in the
 * request.
 *
 * @param path where it is
 * @param content what it says, just now; may block
 */
public record Page(String path, Supplier<Content> content) {
    /** What is answered. */
    public record Content(int status, String mediaType, String text) {
        static Content json(int status, String field, String value) {
            return new Content(
                    status, "application/json", Json.object().put(field, value).toString());
        }

        byte[] bytes() {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    /** Its row in the table of calls. */
    public Endpoint endpoint() {
        return new Endpoint(
                "GET",
                path,
                exchange -> {
                    exchange.query().end();
                    var now = content.get();
                    exchange.send(now.status(), now.mediaType(), now.bytes());
                });
    }
}
