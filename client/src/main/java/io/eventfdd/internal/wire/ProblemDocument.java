package io.eventfdd.internal.wire;

import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;

import java.util.List;

/**
 * A {@link Problem} in the form in which both sockets send it.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>
 */
public final class ProblemDocument {
    /** The media type of a problem document. */
    public static final String MEDIA_TYPE = "application/problem+json";

    private static final String EVENTFDS = "eventfds";

    private ProblemDocument() {}

    /**
     * Reads a problem document.
     *
     * @throws ProblemException if it is not one of the daemon's
     */
    public static Problem from(JsonFields fields) {
        var type =
                fields.text("type")
                        .flatMap(ProblemType::ofUrn)
                        .orElseThrow(() -> fields.missing("type"));
        return new Problem(
                type,
                (int) fields.count("status", 100, 599, type.status()),
                fields.text("detail").orElse(type.title()),
                fields.has(EVENTFDS) ? fields.names(EVENTFDS) : List.of());
    }

    /** The document of {@code problem}. */
    public static JsonObject json(Problem problem) {
        var type = problem.type();
        var json = Json.object();
        json.put("type", type.urn());
        json.put("title", type.title());
        json.put("status", problem.status());
        json.put("detail", problem.detail());
        type.errno().ifPresent(errno -> json.put("errno", errno));
        if (!problem.eventfds().isEmpty()) {
            var names = json.putArray(EVENTFDS);
            problem.eventfds().forEach(name -> names.add(name.value()));
        }
        return json;
    }

    /** The document of {@code problem} as UTF-8. */
    public static byte[] bytes(Problem problem) {
        return Json.bytes(json(problem));
    }
}
