package io.eventfdd.internal.http;

import io.eventfdd.client.DaemonFaultException;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.ProblemException;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The answer of the daemon.
 *
 * @param body empty if there is none
 * @param keys the origin of the daemon's idempotency keys, which differs between daemons that do
 *     not share them; empty except for {@code GET /v1}
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares answers
record HttpAnswer(int status, byte[] body, String keys) {
    private static final int MOST_SHOWN = 200;

    boolean isNoContent() {
        return status == 204;
    }

    boolean isCreated() {
        return status == 201;
    }

    /** The fields of the object in the body; a problem is thrown. */
    JsonFields fields() {
        check();
        try {
            return JsonFields.parse(body);
        } catch (ProblemException e) {
            throw notOurs(e);
        }
    }

    /** Whether it is a problem of {@code type}. */
    boolean is(ProblemType type) {
        return status == type.status() && problem().type() == type;
    }

    boolean isProblem() {
        return status >= 400;
    }

    /** The eventfds that had no room, if it is a problem that names them. */
    List<EventfdName> full() {
        return is(ProblemType.WOULD_BLOCK) ? problem().eventfds() : List.of();
    }

    /** Throws the problem, if the answer is one. */
    void check() {
        if (isProblem()) {
            throw Failures.of(problem());
        }
    }

    /** Whether the daemon keeps the answer for the key of its call, if that has one. */
    boolean isKept() {
        return status < 300 || is(ProblemType.WOULD_BLOCK) || is(ProblemType.GONE);
    }

    private Problem problem() {
        try {
            return ProblemDocument.from(JsonFields.parse(body));
        } catch (ProblemException e) {
            throw notOurs(e);
        }
    }

    private DaemonFaultException notOurs(@Nullable Exception cause) {
        var text = new String(body, StandardCharsets.UTF_8);
        return new DaemonFaultException(
                "not an answer of eventfdd: HTTP "
                        + status
                        + " "
                        + text.substring(0, Math.min(MOST_SHOWN, text.length())),
                null,
                cause);
    }
}
