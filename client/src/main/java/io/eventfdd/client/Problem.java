package io.eventfdd.client;

import java.util.List;

/**
 * Something that went wrong, as both sockets of the daemon answer it.
 *
 * <pre>{@code
 * try {
 *     client.open("nobody-made-it").close();
 * } catch (EventfddException e) {
 *     e.problem().map(Problem::detail).ifPresent(System.out::println);
 * }
 * }</pre>
 *
 * @param type its row in the table
 * @param status the HTTP status: that of the type, except for errors of the HTTP layer (414, 431,
 *     501 …)
 * @param detail what was wrong this time, with the value that was wrong
 * @param eventfds the names that the problem is about, if it is about some of many
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>
 */
public record Problem(ProblemType type, int status, String detail, List<EventfdName> eventfds) {
    /** Copies the names. */
    public Problem {
        eventfds = List.copyOf(eventfds);
    }

    /** A problem that is not about some eventfds of many. */
    public Problem(ProblemType type, int status, String detail) {
        this(type, status, detail, List.of());
    }

    /** This problem, as one about {@code names}. */
    public Problem about(List<EventfdName> names) {
        return new Problem(type, status, detail, names);
    }
}
