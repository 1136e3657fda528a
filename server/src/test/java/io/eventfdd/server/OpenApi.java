package io.eventfdd.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;

import io.eventfdd.server.testing.JsonText;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The document that {@code GET /openapi} answers with, as a test wants to look at it. */
record OpenApi(JsonNode document) {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final JsonSchemaFactory SCHEMAS =
            JsonSchemaFactory.getInstance(
                    SpecVersion.VersionFlag.V202012,
                    // the schemas of OpenAPI itself are in a test library, by their addresses
                    builder ->
                            builder.schemaMappers(mappers ->
                                    mappers.mapPrefix(
                                            "https://spec.openapis.org",
                                            "classpath:spec.openapis.org")));

    static OpenApi of(DaemonUnderTest daemon) {
        return new OpenApi(
                json(daemon.request().get("/openapi").then().statusCode(200).extract().asString()));
    }

    static JsonNode json(String text) {
        return JsonText.parse(text);
    }

    /** One method of one path. */
    record Operation(String path, String method, JsonNode json) {
        String id() {
            return json.path("operationId").asText();
        }

        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    /**
     * One answer of an operation, of a kind that the document has an example of, or at least words.
     *
     * @param status the status, or {@code default}
     * @param mediaType empty where there is no body
     * @param example the example's name: {@code ok}, {@code no-content}, a problem's, or another
     * @param value what it says; missing where the document has none
     */
    record Answer(
            Operation operation,
            String status,
            String mediaType,
            JsonNode schema,
            String example,
            JsonNode value) {
        @Override
        public String toString() {
            return operation + " → " + status + " " + example;
        }
    }

    List<Operation> operations() {
        var operations = new ArrayList<Operation>();
        document.path("paths")
                .properties()
                .forEach(path -> {
                    for (var method : List.of("get", "put", "post", "delete", "patch", "head")) {
                        if (path.getValue().has(method)) {
                            operations.add(
                                    new Operation(
                                            path.getKey(),
                                            method.toUpperCase(Locale.ROOT),
                                            path.getValue().get(method)));
                        }
                    }
                });
        return operations;
    }

    List<Answer> answers() {
        var answers = new ArrayList<Answer>();
        for (var operation : operations()) {
            operation
                    .json()
                    .path("responses")
                    .properties()
                    .forEach(response -> {
                        var content = resolved(response.getValue()).path("content");
                        if (content.isEmpty()) {
                            answers.add(
                                    new Answer(
                                            operation,
                                            response.getKey(),
                                            "",
                                            MissingNode.getInstance(),
                                            operation.method().equals("DELETE")
                                                    ? "ok"
                                                    : "no-content",
                                            MissingNode.getInstance()));
                        }
                        content.properties()
                                .forEach(media -> {
                                    var examples = media.getValue().path("examples");
                                    if (examples.isEmpty()) {
                                        answers.add(
                                                new Answer(
                                                        operation,
                                                        response.getKey(),
                                                        media.getKey(),
                                                        media.getValue().path("schema"),
                                                        "ok",
                                                        media.getValue().path("example")));
                                    }
                                    examples.properties()
                                            .forEach(example ->
                                                    answers.add(
                                                            new Answer(
                                                                    operation,
                                                                    response.getKey(),
                                                                    media.getKey(),
                                                                    media.getValue().path("schema"),
                                                                    example.getKey(),
                                                                    resolved(example.getValue())
                                                                            .path("value"))));
                                });
                    });
        }
        return answers;
    }

    /** The request body of {@code operation} for {@code example}, or else its first; or nothing. */
    String body(Operation operation, String example) {
        var examples =
                operation.json().at("/requestBody/content/application~1json").path("examples");
        var chosen = examples.has(example) ? examples.path(example) : examples.path("ok");
        return chosen.has("value") ? chosen.path("value").toString() : "";
    }

    /** The query of {@code operation} for {@code example}, with its question mark; or nothing. */
    String query(Operation operation, String example) {
        var query = new StringBuilder();
        for (var parameter : operation.json().path("parameters")) {
            if (parameter.path("in").asText().equals("query")) {
                var examples = parameter.path("examples");
                var chosen =
                        examples.has(example)
                                ? examples.path(example).path("value")
                                : examples.path("ok").path("value");
                var value = parameter.has("example") ? parameter.path("example") : chosen;
                query.append(query.isEmpty() ? '?' : '&')
                        .append(parameter.path("name").asText())
                        .append('=')
                        .append(value.asText());
            }
        }
        return query.toString();
    }

    JsonNode resolved(JsonNode node) {
        var reference = node.path("$ref").asText();
        return reference.isEmpty() ? node : document.at(reference.substring(1));
    }

    /**
     * What is wrong with {@code value} where {@code schema}, which is of the document, is right.
     */
    Set<ValidationMessage> validate(JsonNode schema, JsonNode value) {
        var whole = MAPPER.createObjectNode();
        whole.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        whole.set("components", document.path("components"));
        whole.putArray("allOf").add(schema);
        return SCHEMAS.getSchema(whole).validate(value);
    }

    /** The schema of OpenAPI 3.1 itself. */
    static JsonSchema specification() {
        return SCHEMAS.getSchema(
                SchemaLocation.of("https://spec.openapis.org/oas/3.1/schema-base/2022-10-07"));
    }
}
