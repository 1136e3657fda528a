package io.eventfdd.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;

import java.util.List;

/**
 * One thing that went wrong, as both sockets tell it.
 *
 * @param type its row in the table
 * @param status the HTTP status; the type's own but for errors of the HTTP layer (414, 431, 501 …)
 * @param detail what was wrong this time, naming it
 * @param eventfds the names that it is about, if it is about some of many
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>
 */
public record Problem(ProblemType type, int status, String detail, List<EventfdName> eventfds) {
    /** The media type of a problem document. */
    public static final String MEDIA_TYPE = "application/problem+json";

    private static final String EVENTFDS = "eventfds";

    /** Copies the names. */
    public Problem {
        eventfds = List.copyOf(eventfds);
    }

    /** One that is not about some eventfds of many. */
    public Problem(ProblemType type, int status, String detail) {
        this(type, status, detail, List.of());
    }

    /** The same, about {@code names}. */
    public Problem about(List<EventfdName> names) {
        return new Problem(type, status, detail, names);
    }

    /**
     * Reads a problem document.
     *
     * @throws ProblemException where it is none of ours
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
                fields.has(EVENTFDS) ? names(fields.array(EVENTFDS)) : List.of());
    }

    private static List<EventfdName> names(List<JsonNode> array) {
        return array.stream().map(name -> new EventfdName(name.asText())).toList();
    }

    /** The problem document. */
    public ObjectNode toJson() {
        var json = Json.object();
        json.put("type", type.urn());
        json.put("title", type.title());
        json.put("status", status);
        json.put("detail", detail);
        type.errno().ifPresent(errno -> json.put("errno", errno));
        if (!eventfds.isEmpty()) {
            var names = json.putArray(EVENTFDS);
            eventfds.forEach(name -> names.add(name.value()));
        }
        return json;
    }

    /** The problem document as UTF-8. */
    public byte[] toBytes() {
        return Json.bytes(toJson());
    }
}
