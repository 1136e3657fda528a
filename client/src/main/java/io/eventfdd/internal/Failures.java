package io.eventfdd.internal;

import io.eventfdd.client.AlreadyExistsException;
import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.DaemonFaultException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfdGoneException;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.ForbiddenException;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.client.LimitException;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.client.Problem;
import io.eventfdd.client.ShuttingDownException;
import io.eventfdd.client.SpecMismatchException;
import io.eventfdd.client.SystemCallException;
import io.eventfdd.client.UnsupportedException;
import io.eventfdd.client.WouldBlockException;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.wire.ProblemException;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The one place where a problem of the table, or an errno, becomes an exception of this library.
 */
public final class Failures {
    private Failures() {}

    /** The exception for {@code problem}. */
    public static EventfddException of(Problem problem) {
        var message = problem.detail().isEmpty() ? problem.type().title() : problem.detail();
        return switch (problem.type()) {
            case INVALID_NAME,
                    INVALID_VALUE,
                    INVALID_REQUEST,
                    METHOD_NOT_ALLOWED,
                    TOO_LARGE,
                    UNSUPPORTED_MEDIA_TYPE ->
                    new InvalidRequestException(message, problem, null);
            case FORBIDDEN -> new ForbiddenException(message, problem, null);
            case NOT_FOUND -> new NotFoundException(message, problem, null);
            case EXISTS -> new SpecMismatchException(message, problem, null);
            case PRECONDITION_FAILED -> new AlreadyExistsException(message, problem, null);
            case WOULD_BLOCK -> new WouldBlockException(message, problem, null);
            case GONE -> new EventfdGoneException(message, problem, null);
            case LIMIT -> new LimitException(message, problem, null);
            case SHUTTING_DOWN -> new ShuttingDownException(message, problem, null);
            case UNSUPPORTED -> new UnsupportedException(message, problem, null);
            case INTERNAL, IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED ->
                    new DaemonFaultException(message, problem, null);
        };
    }

    /** The exception for {@code cause}, of whatever kind. */
    public static RuntimeException of(Exception cause) {
        if (cause instanceof ProblemException problem) {
            return of(problem.problem());
        }
        if (cause instanceof ErrnoException errno) {
            return errno.outOfDescriptors()
                    ? new LimitException(String.valueOf(errno.getMessage()), null, errno)
                    : new SystemCallException(String.valueOf(errno.getMessage()), errno);
        }
        if (cause instanceof RuntimeException other) {
            return other;
        }
        return new IllegalStateException(cause);
    }

    /** The exception if none of {@code places}, where a daemon might be, exists. */
    public static DaemonUnavailableException noDaemon(List<Path> places) {
        return new DaemonUnavailableException(
                "no daemon found: "
                        + places.stream().map(Path::toString).collect(Collectors.joining(", "))
                        + (places.size() == 1 ? " does" : " do")
                        + " not exist. Start one with \"eventfdd serve\", or set"
                        + " EVENTFDD_RUNTIME_DIR to its directory",
                null);
    }

    /**
     * The exception if no daemon answers on {@code socket}. Its cause is an {@link
     * AccessDeniedException} if this user may not use the socket.
     */
    public static DaemonUnavailableException unavailable(Path socket, Exception cause) {
        try {
            socket.getFileSystem().provider().checkAccess(socket, AccessMode.WRITE);
        } catch (AccessDeniedException e) {
            return new DaemonUnavailableException(
                    "this user may not use "
                            + socket
                            + rights(socket)
                            + ". Join the group, and log in again",
                    e);
        } catch (IOException e) {
            // The socket does not exist, which the cause says too.
        }
        return new DaemonUnavailableException(
                "no daemon answers at " + socket + ": " + cause.getMessage(), cause);
    }

    /** The group and mode of the socket, or else of its directory, as text. */
    private static String rights(Path socket) {
        for (var path : List.of(socket, socket.resolveSibling("."))) {
            try {
                var rights = Files.readAttributes(path, PosixFileAttributes.class);
                return " (group %s, %s)"
                        .formatted(
                                rights.group().getName(),
                                PosixFilePermissions.toString(rights.permissions()));
            } catch (IOException e) {
                // The directory is closed to this user.
            }
        }
        return "";
    }

    /** The exception for a call on a handle that was closed. */
    public static ClosedEventfdException handleClosed(EventfdName name) {
        return new ClosedEventfdException("the handle on eventfd " + name + " is closed", null);
    }

    /** The exception for a call on a client that was closed. */
    public static ClosedEventfdException clientClosed() {
        return new ClosedEventfdException("the client is closed", null);
    }
}
