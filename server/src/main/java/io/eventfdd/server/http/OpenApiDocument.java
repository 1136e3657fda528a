package io.eventfdd.server.http;

import java.io.IOException;
import java.io.UncheckedIOException;

/** {@code GET /openapi}: the HTTP calls as {@code server/API.md} has them, for machines. */
public final class OpenApiDocument {
    private static final String RESOURCE = "openapi.json";

    private final byte[] document;

    /** Reads the file. */
    public OpenApiDocument() {
        try (var in = OpenApiDocument.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("no " + RESOURCE + " in this build");
            }
            document = in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The row of this document in the table of calls. */
    public Endpoint endpoint() {
        return new Endpoint(
                "GET",
                "/openapi",
                exchange -> {
                    exchange.query().end();
                    exchange.send(200, "application/json", document);
                });
    }
}
