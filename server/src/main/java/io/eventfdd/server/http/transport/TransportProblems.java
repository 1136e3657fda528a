package io.eventfdd.server.http.transport;

import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.Shown;
import io.helidon.http.DirectHandler;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;

import org.jspecify.annotations.Nullable;

import java.util.regex.Pattern;

/** Errors of the HTTP layer itself, as problems. */
public final class TransportProblems {
    /**
     * On every answer: a cache in front must not answer from memory what the next call would change
     * or wait for.
     */
    public static final Header NO_STORE =
            HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-store");

    private static final byte[] NOTHING = {};
    private static final Pattern OTHER_VERSION = Pattern.compile(".* HTTP/\\d+(\\.\\d+)?/?");

    /**
     * What a detail must not tell: names of classes, and words that only their authors understand.
     */
    private static final Pattern INTERNAL =
            Pattern.compile("Exception|Error\\b|\\b(java|javax|io|com|sun)\\.[a-z]|see server log");

    private TransportProblems() {}

    /**
     * The problem for an HTTP status; {@code message} is Helidon's and goes into the detail where
     * it may be shown.
     */
    public static Problem of(int status, @Nullable String message) {
        var detail = detail(status);
        if (message != null
                && !message.isBlank()
                && status != 500
                && !INTERNAL.matcher(message).find()) {
            detail = detail + ": " + Shown.of(message);
        }
        return new Problem(type(status), status, detail);
    }

    private static ProblemType type(int status) {
        return switch (status) {
            case 404 -> ProblemType.NOT_FOUND;
            case 405 -> ProblemType.METHOD_NOT_ALLOWED;
            case 413 -> ProblemType.TOO_LARGE;
            case 415 -> ProblemType.UNSUPPORTED_MEDIA_TYPE;
            case 500 -> ProblemType.INTERNAL;
            case 503 -> ProblemType.SHUTTING_DOWN;
            default -> ProblemType.INVALID_REQUEST;
        };
    }

    private static String detail(int status) {
        return switch (status) {
            case 404 -> "there is nothing at this path";
            case 405 -> "the path does not take this method";
            case 408 -> "the request did not come in time";
            case 413 -> "max-body: the body is over the limit";
            case 414 -> "the request line is too long";
            case 415 -> "the body is of another type";
            case 417 -> "the expectation cannot be met";
            case 431 -> "the headers are too long";
            case 500 -> "the daemon failed because of a bug; its log says more";
            case 501 -> "the transfer coding is not known here";
            case 503 -> "no more requests are taken";
            case 505 -> "only HTTP/1.0 and HTTP/1.1 are spoken here";
            default -> "this is not HTTP/1.1 as it should be";
        };
    }

    /**
     * Answers what Helidon refuses before there is a request. The connection ends after each of
     * these.
     */
    static DirectHandlers directHandlers() {
        var handlers = DirectHandlers.builder();
        for (var event : DirectHandler.EventType.values()) {
            handlers.addHandler(event, TransportProblems::answer);
        }
        return handlers.build();
    }

    private static DirectHandler.TransportResponse answer(
            DirectHandler.TransportRequest request,
            DirectHandler.EventType event,
            Status status,
            ServerResponseHeaders headers,
            @Nullable String message) {
        var connection = WatchedConnection.current();
        // What becomes of this answer must not be taken for what became of the last one.
        connection.requested();
        connection.leavesUnread();
        // The handlers throw nothing but an end of the connection, so this is one of the parser.
        int said = event == DirectHandler.EventType.INTERNAL_ERROR ? 400 : status.code();
        boolean isTold = event != DirectHandler.EventType.INTERNAL_ERROR;
        var problem = of(refined(request, said, message), isTold ? message : null);
        return DirectHandler.TransportResponse.builder()
                .status(status(problem.status()))
                .headers(headers)
                .header(HeaderNames.CONTENT_TYPE, ProblemDocument.MEDIA_TYPE)
                .header(NO_STORE)
                .entity(request.method().equals("HEAD") ? NOTHING : ProblemDocument.bytes(problem))
                .keepAlive(false)
                .build();
    }

    /** The status with its reason phrase; Helidon does not know that of 431. */
    private static Status status(int code) {
        return code == 431
                ? Status.create(code, "Request Header Fields Too Large")
                : Status.create(code);
    }

    /** Helidon says 400 to some things that have a status of their own. */
    private static int refined(
            DirectHandler.TransportRequest request, int status, @Nullable String message) {
        if (status != 400) {
            return status;
        }
        if ("Header size exceeded".equals(message)) {
            return 431;
        }
        return OTHER_VERSION.matcher(request.protocolVersion()).matches() ? 505 : 400;
    }
}
