package io.eventfdd.server.http.transport;

import java.time.Duration;

/**
 * How long a connection may take, from outside of its handlers.
 *
 * @param idle from an answer's end to the next request's first byte
 * @param request from a request's first byte to its last
 * @param send for what one write hands to the socket
 */
public record Timeouts(Duration idle, Duration request, Duration send) {
    /** How often to look, so that none of them is late by more than a quarter. */
    Duration period() {
        var shortest = idle.compareTo(request) < 0 ? idle : request;
        shortest = shortest.compareTo(send) < 0 ? shortest : send;
        long millis = Math.clamp(shortest.toMillis() / 4, 5, 5_000);
        return Duration.ofMillis(millis);
    }
}
