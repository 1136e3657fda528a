package io.eventfdd.client;

import java.util.Locale;
import java.util.Optional;

/**
 * The table of everything that can go wrong. HTTP answers, replies on fd.sock, the exceptions of
 * the library and the exit statuses of the command all come from it.
 *
 * <pre>{@code
 * System.out.println(ProblemType.NOT_FOUND.status()); // 404
 * }</pre>
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457, Problem Details for HTTP APIs</a>
 */
public enum ProblemType {
    /** The name is not 1 to 128 of {@code A-Z a-z 0-9 . _ -} beginning with a letter or digit. */
    INVALID_NAME(400, "Not a name of an eventfd"),
    /** The right JSON type, but out of range or of the wrong form. */
    INVALID_VALUE(400, "A value is out of range"),
    /** Malformed HTTP or JSON, a wrong JSON type, an unknown field or parameter. */
    INVALID_REQUEST(400, "The request cannot be understood"),
    /** The mode bits do not allow this to the user, or the lease is another user's. */
    FORBIDDEN(403, "Not allowed for this user", "EACCES"),
    /** No eventfd of that name, no lease of that id, or no such path. */
    NOT_FOUND(404, "Not found", "ENOENT"),
    /** The path exists, but does not have this method. */
    METHOD_NOT_ALLOWED(405, "The path does not take this method"),
    /** The name exists with another spec, or another connection holds the lease. */
    EXISTS(409, "The name is taken", "EEXIST"),
    /** The count has no room for the value in the time given. */
    WOULD_BLOCK(409, "No room for the value", "EAGAIN"),
    /** The first call with this idempotency key is still running. */
    IDEMPOTENCY_KEY_IN_USE(409, "A call with this key is still running"),
    /** The eventfd was deleted while the call waited on it. */
    GONE(410, "Deleted while the call waited"),
    /** {@code If-None-Match: *} and the name exists. */
    PRECONDITION_FAILED(412, "The name exists already"),
    /** The body is over {@code max-body}, or the packet over {@code max-packet}. */
    TOO_LARGE(413, "The request is too large"),
    /** The body is not {@code application/json}. */
    UNSUPPORTED_MEDIA_TYPE(415, "The body is not JSON"),
    /** The idempotency key was used with another request before. */
    IDEMPOTENCY_KEY_REUSED(422, "The key belongs to another request"),
    /** A quota or limit is reached; the detail says which. */
    LIMIT(429, "A limit is reached", "EMFILE"),
    /** A bug of the daemon. */
    INTERNAL(500, "The daemon has a bug"),
    /** The kernel does not have what the call needs. */
    UNSUPPORTED(501, "The kernel lacks what this needs", "ENOSYS"),
    /** The daemon is stopping. */
    SHUTTING_DOWN(503, "The daemon is shutting down");

    /** The beginning of the {@code type} of every problem. */
    public static final String URN_PREFIX = "urn:eventfdd:problem:";

    private final int status;
    private final String title;
    private final String errno;

    ProblemType(int status, String title) {
        this(status, title, "");
    }

    ProblemType(int status, String title, String errno) {
        this.status = status;
        this.title = title;
        this.errno = errno;
    }

    /** The HTTP status of the type. Errors of the HTTP layer may have another one. */
    public int status() {
        return status;
    }

    /** A short sentence for people, the same for every occurrence. */
    public String title() {
        return title;
    }

    /** The kernel's name for it, as in errno(3), if it has one. */
    public Optional<String> errno() {
        return errno.isEmpty() ? Optional.empty() : Optional.of(errno);
    }

    /**
     * The exit status of a command that ends with this problem. 2 is wrong usage, as everywhere; 69
     * and 70 are from sysexits(3), for a service that is not available and for a bug.
     */
    public int exitCode() {
        return switch (this) {
            case INVALID_NAME,
                    INVALID_VALUE,
                    INVALID_REQUEST,
                    METHOD_NOT_ALLOWED,
                    TOO_LARGE,
                    UNSUPPORTED_MEDIA_TYPE,
                    IDEMPOTENCY_KEY_REUSED ->
                    2;
            case NOT_FOUND -> 3;
            case FORBIDDEN -> 4;
            case WOULD_BLOCK, IDEMPOTENCY_KEY_IN_USE -> 5;
            case EXISTS, PRECONDITION_FAILED -> 6;
            case GONE -> 7;
            case LIMIT -> 8;
            case SHUTTING_DOWN, UNSUPPORTED -> 69;
            case INTERNAL -> 70;
        };
    }

    /** The name in the table of {@code server/API.md}, such as {@code not-found}. */
    public String slug() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The {@code type} member of the problem document. */
    public String urn() {
        return URN_PREFIX + slug();
    }

    /** The type with this {@code type} member, if the table has it. */
    public static Optional<ProblemType> ofUrn(String urn) {
        for (var type : values()) {
            if (type.urn().equals(urn)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** A problem of this type and its own status. */
    public Problem problem(String detail) {
        return new Problem(this, status, detail);
    }
}
