package io.eventfdd.server.http;

import io.eventfdd.internal.wire.Json;

import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * A page for operators. Everybody gets the same content, and a request for it has no parameters.
 *
 * @param path the path of the page
 * @param content tells the current content; it may block
 */
public record OperatorPage(String path, Supplier<Content> content) {
    /** The answer to a request for the page. */
    public record Content(int status, String mediaType, String text) {
        static Content json(int status, String field, String value) {
            return new Content(
                    status, "application/json", Json.object().put(field, value).toString());
        }

        byte[] bytes() {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    /** The row of the page in the table of calls. */
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
