package io.eventfdd.server.http.transport;

import io.eventfdd.client.Problem;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.http.ServerRequest;

import java.util.List;
import java.util.Optional;

/**
 * The rules for the head of a request that Helidon's parser leaves to us: its own rule for Host
 * refuses an empty one, a path and an address without a port, which HTTP clients send over Unix
 * sockets. A socket has no host, so whatever a single Host says is right.
 */
final class RequestHead {
    private RequestHead() {}

    /** What is wrong with the head of {@code request}, if something is. */
    static Optional<Problem> fault(ServerRequest request, boolean http10) {
        var headers = request.headers();
        int hosts = headers.all(HeaderNames.HOST, List::of).size();
        if (hosts > 1) {
            return bad("there is more than one Host header");
        }
        if (hosts == 0 && !http10) {
            return bad("the Host header is missing; it may be empty");
        }
        if (http10 && headers.contains(HeaderNames.TRANSFER_ENCODING)) {
            return bad("HTTP/1.0 has no Transfer-Encoding");
        }
        if (headers.contains(HeaderNames.CONTENT_ENCODING) && request.content().hasEntity()) {
            return bad("a body is taken as it is, without a Content-Encoding");
        }
        if (request.prologue().method().text().isEmpty()) {
            return bad("the method is missing");
        }
        return malformed(headers);
    }

    private static Optional<Problem> malformed(ServerRequestHeaders headers) {
        try {
            for (var header : headers) {
                if (header.name().isEmpty()) {
                    return bad("a header has no name");
                }
                header.validate();
            }
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(TransportProblems.of(400, e.getMessage()));
        }
    }

    private static Optional<Problem> bad(String why) {
        return Optional.of(TransportProblems.of(400, why));
    }
}
