package io.eventfdd.server.http;

import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Shown;
import io.eventfdd.server.http.transport.ClientConnection;
import io.eventfdd.server.http.transport.TransportProblems;
import io.eventfdd.server.http.transport.UnwrittenHeader;
import io.eventfdd.server.http.transport.WatchedConnection;
import io.eventfdd.server.idempotency.Answer;
import io.helidon.http.DateTime;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.http.HttpException;
import io.helidon.http.Method;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/** One request and its answer, on the connection's virtual thread and for no other. */
public final class Exchange {
    private static final Header JSON = contentType("application/json");
    private static final Header PROBLEM = contentType(ProblemDocument.MEDIA_TYPE);
    private static final byte[] NOTHING = {};

    /** The beginning of the paths of leases. */
    private static final String LEASES = "/v1/leases/";

    private final ServerRequest request;
    private final ServerResponse response;
    private final WatchedConnection connection;
    private final BooleanSupplier stopping;
    private final int maxBody;
    private String name = "";
    private String path = "";
    private String operation = "none";
    private String outcome = "gone-client";
    private boolean last;
    private boolean sentRaw;

    Exchange(
            ServerRequest request,
            ServerResponse response,
            WatchedConnection connection,
            BooleanSupplier stopping,
            int maxBody) {
        this.request = request;
        this.response = response;
        this.connection = connection;
        this.stopping = stopping;
        this.maxBody = maxBody;
        // Helidon takes "head" for HEAD, and sends no body behind the length that it announces.
        this.last =
                connection.isHttp10()
                        || !connection.isMethodInCapitals()
                        || saysClose(request.headers());
    }

    private static Header contentType(String type) {
        return HeaderValues.createCached(HeaderNames.CONTENT_TYPE, type);
    }

    /** Whether {@code headers} end the connection; most have nothing to look through for that. */
    static boolean saysClose(Headers headers) {
        return headers.contains(HeaderNames.CONNECTION)
                && headers.containsToken(HeaderValues.CONNECTION_CLOSE);
    }

    void leadsTo(Routes.Match match) {
        name = match.name();
        path = match.path();
        operation = match.endpoint().operation();
    }

    /** The row of this call in the table of calls. */
    String operation() {
        return operation;
    }

    /** The outcome so far: {@code ok}, {@code no-content}, or the name of a problem. */
    String outcome() {
        return outcome;
    }

    /** The path's segment in braces, decoded and not checked: it may be anything but empty. */
    public String name() {
        return name;
    }

    /** The path that led to this call: as it came, without what precedes it in absolute form. */
    String path() {
        return path;
    }

    /** The connection that the request came on. */
    public ClientConnection client() {
        return connection.client();
    }

    /** The credentials of the client. */
    public PeerCredentials peer() {
        return client().peer();
    }

    /** The path as it came, fit for one line of a log. */
    public String shownPath() {
        return Shown.of(request.prologue().uriPath().rawPath());
    }

    /** The method of the request, which is in small letters if it came with some. */
    public String method() {
        var method = request.prologue().method().text();
        return connection.isMethodInCapitals() ? method : method.toLowerCase(Locale.ROOT);
    }

    /** The request as Helidon has it. */
    ServerRequest request() {
        return request;
    }

    /** The response as Helidon has it, for what the methods here do not do. */
    ServerResponse response() {
        return response;
    }

    /** The header's first value, if the request has the header. */
    public Optional<String> header(HeaderName header) {
        return request.headers().first(header);
    }

    /** All values of the header, one for each of its lines. */
    List<String> headers(HeaderName header) {
        return request.headers().all(header, List::of);
    }

    /** The query parameters. */
    public Query query() {
        return Query.parse(request.prologue().query().rawValue());
    }

    /**
     * The JSON body, not parsed yet. It is empty if the request has none.
     *
     * @throws ProblemException {@code unsupported-media-type} if a body does not say that it is
     *     JSON, {@code too-large}, or {@code invalid-request} if it is not sent as HTTP requires
     */
    public byte[] body() {
        var content = request.content();
        if (!content.hasEntity()) {
            return NOTHING;
        }
        byte[] body;
        try (InputStream in = content.inputStream()) {
            body = read(in, request.headers().contentLength());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (RequestException e) {
            throw new ProblemException(brokenOff(e.status(), e));
        } catch (HttpException e) {
            throw new ProblemException(brokenOff(e.status(), e));
        } catch (CloseConnectionException e) {
            throw e;
        } catch (RuntimeException e) {
            // of many kinds, such as NumberFormatException: chunks that are none
            throw new ProblemException(brokenOff(Status.BAD_REQUEST_400, e));
        }
        if (body.length > maxBody) {
            throw new ProblemException(
                    ProblemType.TOO_LARGE,
                    "max-body: the body has more than " + maxBody + " bytes");
        }
        if (body.length > 0 && !isJson()) {
            throw new ProblemException(
                    ProblemType.UNSUPPORTED_MEDIA_TYPE,
                    contentType() + "; send Content-Type: application/json (with curl: --json)");
        }
        return body;
    }

    /** Reads the body; if its length is known, into one array of that size. */
    private static byte[] read(InputStream in, OptionalLong length) throws IOException {
        if (length.isEmpty()) {
            return in.readAllBytes();
        }
        var body = new byte[(int) length.getAsLong()];
        in.readNBytes(body, 0, body.length);
        in.read(); // the end of it, which Helidon wants to be seen
        return body;
    }

    /** If a body cannot be read to its end, the next request cannot be found either. */
    private Problem brokenOff(Status status, RuntimeException why) {
        last = true;
        connection.leavesUnread();
        return TransportProblems.of(status.code(), why.getMessage());
    }

    /** The body's media type as the client names it, in words. */
    private String contentType() {
        return header(HeaderNames.CONTENT_TYPE)
                .map(type -> "the body is " + Shown.of(type))
                .orElse("the body has no Content-Type");
    }

    private boolean isJson() {
        var type = header(HeaderNames.CONTENT_TYPE).orElse("");
        int parameters = type.indexOf(';');
        return (parameters < 0 ? type : type.substring(0, parameters))
                .strip()
                .equalsIgnoreCase("application/json");
    }

    /** Sends {@code answer}. */
    void send(Answer answer) {
        switch (answer) {
            case Answer.Ok ok -> json(200, ok.body());
            case Answer.Created created -> {
                answerHeader(HeaderNames.LOCATION, LEASES + created.id());
                json(201, created.body());
            }
            case Answer.NoContent none -> noContent();
            case Answer.Refusal refusal -> problem(refusal.problem());
        }
    }

    /** Answers with {@code body}. */
    public void json(int status, JsonObject body) {
        json(status, body.toString());
    }

    private void json(int status, String body) {
        outcome = "ok";
        send(status, JSON, body.getBytes(StandardCharsets.UTF_8));
    }

    /** Answers 204. */
    public void noContent() {
        outcome = "no-content";
        begin(Status.NO_CONTENT_204);
        response.header(UnwrittenHeader.CONTENT_LENGTH_ZERO);
        response.send();
    }

    /** Answers with {@code problem}. */
    public void problem(Problem problem) {
        outcome = problem.type().slug();
        send(problem.status(), PROBLEM, ProblemDocument.bytes(problem));
    }

    /** Answers with {@code body}, which is of {@code mediaType}. */
    public void send(int status, String mediaType, byte[] body) {
        outcome = "ok";
        send(status, contentType(mediaType), body);
    }

    private void send(int status, Header type, byte[] body) {
        begin(Status.create(status));
        response.header(type);
        if (request.prologue().method().equals(Method.HEAD)) {
            response.header(HeaderNames.CONTENT_LENGTH, Integer.toString(body.length));
            response.send(NOTHING);
        } else {
            response.send(body);
        }
    }

    /**
     * Answers 200 with a body of {@code mediaType} that is written bit by bit; each {@code flush}
     * sends what there is. Closing it ends the answer. A client of HTTP/1.0, which has no chunks,
     * sees the end of the connection instead.
     */
    public OutputStream stream(String mediaType) throws IOException {
        outcome = "ok";
        if (connection.isHttp10()) {
            sentRaw = true;
            return connection.answerToTheEnd(
                    "HTTP/1.1 200 OK\r\nDate: "
                            + DateTime.rfc1123String()
                            + "\r\nContent-Type: "
                            + mediaType
                            + "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
        }
        begin(Status.OK_200);
        response.header(contentType(mediaType));
        return response.outputStream();
    }

    /** Sets a header of the answer, before it is sent. */
    public void answerHeader(HeaderName header, String value) {
        response.header(header, value);
    }

    private void begin(Status status) {
        response.status(status);
        response.header(TransportProblems.NO_STORE);
        last |= stopping.getAsBoolean() || isBodyUnasked();
        if (last) {
            response.header(HeaderValues.CONNECTION_CLOSE);
        }
    }

    /** Whether the client waits to be asked for its body, which may come or not from now on. */
    private boolean isBodyUnasked() {
        return !request.content().consumed()
                && !request.continueSent()
                && request.headers().containsToken(HeaderValues.EXPECT_100);
    }

    /** Makes this the connection's last exchange. */
    public void makeLast() {
        last = true;
    }

    boolean isLast() {
        return last;
    }

    /** Whether the answer, or its beginning, is sent already, and Helidon knows nothing of it. */
    boolean isSentRaw() {
        return sentRaw;
    }
}
