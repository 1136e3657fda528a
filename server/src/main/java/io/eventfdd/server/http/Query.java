package io.eventfdd.server.http;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Shown;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The query parameters of one request. A call asks for each of them by name, and {@link #end}
 * refuses the others, so that a typo is not ignored.
 */
public final class Query {
    private static final int MAX_PAGE = 1000;

    private final Map<String, String> parameters;

    private Query(Map<String, String> parameters) {
        this.parameters = parameters;
    }

    /**
     * Reads the parameters in {@code raw}, the part of the target behind the question mark.
     *
     * @throws ProblemException {@code invalid-request} if a name is there twice or the encoding is
     *     not UTF-8 in percents
     */
    static Query parse(String raw) {
        var parameters = new LinkedHashMap<String, String>();
        for (int from = 0; from < raw.length(); ) {
            int to = raw.indexOf('&', from);
            to = to < 0 ? raw.length() : to;
            if (to > from) {
                var pair = raw.substring(from, to);
                int equals = pair.indexOf('=');
                var name = decode(equals < 0 ? pair : pair.substring(0, equals));
                if (parameters.putIfAbsent(
                                name, equals < 0 ? "" : decode(pair.substring(equals + 1)))
                        != null) {
                    throw new ProblemException(
                            ProblemType.INVALID_REQUEST,
                            "the query parameter " + Shown.quoted(name) + " occurs twice");
                }
            }
            from = to + 1;
        }
        return new Query(parameters);
    }

    private static String decode(String text) {
        return Percent.decode(text)
                .orElseThrow(() ->
                        new ProblemException(
                                ProblemType.INVALID_REQUEST,
                                "the query is not percent-encoded UTF-8: " + Shown.quoted(text)));
    }

    /**
     * The value of a parameter, if the parameter is there. The value is "" if there is no equals
     * sign.
     */
    public Optional<String> text(String name) {
        return Optional.ofNullable(parameters.remove(name));
    }

    /**
     * The parameter {@code limit}: the greatest number of entries on one page of a list.
     *
     * @throws ProblemException {@code invalid-value} if it is not 1 to 1,000
     */
    int pageSize() {
        return text("limit").map(Query::pageSize).orElse(MAX_PAGE);
    }

    private static int pageSize(String text) {
        if (!text.matches("[0-9]{1,9}")
                || Integer.parseInt(text) < 1
                || Integer.parseInt(text) > MAX_PAGE) {
            throw new ProblemException(
                    ProblemType.INVALID_VALUE,
                    "limit: " + Shown.quoted(text) + " is not 1 to " + MAX_PAGE);
        }
        return Integer.parseInt(text);
    }

    /**
     * Refuses every parameter that was not asked for.
     *
     * @throws ProblemException {@code invalid-request}, that names them
     */
    public void end() {
        end("");
    }

    /**
     * Refuses every parameter that was not asked for.
     *
     * @param hint what else may be meant, for the end of the sentence
     * @throws ProblemException {@code invalid-request}, that names them
     */
    public void end(String hint) {
        if (!parameters.isEmpty()) {
            var names = parameters.keySet().stream().limit(8).map(Shown::quoted).toList();
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    (parameters.size() == 1
                                    ? "unknown query parameter: "
                                    : "unknown query parameters: ")
                            + String.join(", ", names)
                            + hint);
        }
    }
}
