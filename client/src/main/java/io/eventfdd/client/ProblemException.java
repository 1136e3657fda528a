package io.eventfdd.client;

import java.io.Serial;

/**
 * Carries a {@link Problem} to the place that answers; it has no stack trace, since it is an answer
 * and not a fault.
 *
 * <pre>{@code
 * try {
 *     EventfdSpec.counter().withMode("rw");
 * } catch (ProblemException e) {
 *     System.out.println(e.problem().type()); // INVALID_VALUE
 * }
 * }</pre>
 */
public final class ProblemException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    /** An exception for {@code problem}. */
    public ProblemException(Problem problem) {
        super(problem.type().slug() + ": " + problem.detail(), null, false, false);
        this.problem = problem;
    }

    /** What went wrong. */
    public Problem problem() {
        return problem;
    }
}
