package io.eventfdd.internal.wire;

import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;

import java.io.Serial;

/**
 * Carries a {@link Problem} to the place that answers a request. It has no stack trace, because it
 * is an answer and not a fault.
 *
 * <p>It never leaves the library: what a program sees is an {@link
 * io.eventfdd.client.EventfddException}.
 */
public final class ProblemException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    /** An exception for {@code problem}. */
    public ProblemException(Problem problem) {
        super(problem.type().slug() + ": " + problem.detail(), null, false, false);
        this.problem = problem;
    }

    /** An exception for a problem of {@code type} with its own status. */
    public ProblemException(ProblemType type, String detail) {
        this(type.problem(detail));
    }

    /** An exception for the problem with a value that a peer has sent. */
    ProblemException(InvalidRequestException refusal) {
        this(refusal.problem().orElseThrow());
    }

    /** This problem, as one with the value of {@code field}. */
    ProblemException in(String field) {
        return new ProblemException(
                new Problem(
                        problem.type(),
                        problem.status(),
                        field + ": " + problem.detail(),
                        problem.eventfds()));
    }

    /** The problem. */
    public Problem problem() {
        return problem;
    }
}
