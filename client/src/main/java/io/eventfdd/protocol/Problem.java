package io.eventfdd.protocol;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One thing that went wrong, as both sockets tell it.
 *
 * @param type its row in the table
 * @param status the HTTP status; the type's own but for errors of the HTTP layer (414, 431, 501 …)
 * @param detail what was wrong this time, naming it
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>
 */
public record Problem(ProblemType type, int status, String detail) {
    /** The media type of a problem document. */
    public static final String MEDIA_TYPE = "application/problem+json";

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
                fields.text("detail").orElse(type.title()));
    }

    /** The problem document. */
    public ObjectNode toJson() {
        var json = Json.object();
        json.put("type", type.urn());
        json.put("title", type.title());
        json.put("status", status);
        json.put("detail", detail);
        type.errno().ifPresent(errno -> json.put("errno", errno));
        return json;
    }

    /** The problem document as UTF-8. */
    public byte[] toBytes() {
        return Json.bytes(toJson());
    }
}
