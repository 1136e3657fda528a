package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.eventfdd.client.ProblemType;
import io.eventfdd.server.config.Setting;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/** The OpenAPI document is one, and says neither more nor less than the daemon's own tables. */
class OpenApiTest {
    /** The file to mend if a test fails. */
    private static final String FILE = "openapi.json";

    private static DaemonUnderTest daemon;
    private static OpenApi api;

    @BeforeAll
    static void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
        api = OpenApi.of(daemon);
    }

    @AfterAll
    static void stop() throws IOException {
        daemon.close();
    }

    @Test
    void itIsOpenApi31() {
        var specification = OpenApi.specification();
        assertThat(specification.validate(api.document())).as(FILE).isEmpty();
        var wrong = api.document().deepCopy();
        ((ObjectNode) wrong.at("/paths/~1v1/get")).put("responses", "many");
        assertThat(specification.validate(wrong)).as("of one that is none").isNotEmpty();
    }

    @Test
    void itHasTheCallsOfTheTableAndNoOthers() {
        assertThat(api.operations())
                .as(FILE)
                .extracting(OpenApi.Operation::toString)
                .containsExactlyInAnyOrderElementsOf(
                        daemon.endpoints().stream().map(call -> call.operation()).toList());
        assertThat(api.operations())
                .as(FILE)
                .extracting(OpenApi.Operation::id)
                .doesNotHaveDuplicates();
    }

    @Test
    void itHasEveryProblemWithItsStatusTitleAndErrno() {
        var examples = api.document().at("/components/examples");
        var types = new TreeSet<String>();
        for (var type : ProblemType.values()) {
            var example = examples.path(type.slug()).path("value");
            var expected = new HashMap<String, Object>();
            expected.put("type", type.urn());
            expected.put("title", type.title());
            expected.put("status", type.status());
            type.errno().ifPresent(errno -> expected.put("errno", errno));
            expected.put("detail", example.path("detail").asText());
            assertThat(fields(example)).as(FILE + " on " + type.slug()).isEqualTo(expected);
            types.add(type.urn());
        }
        var enumerated = new TreeSet<String>();
        api.document()
                .at("/components/schemas/Problem/properties/type/enum")
                .forEach(type -> enumerated.add(type.asText()));
        assertThat(enumerated).as(FILE).isEqualTo(types);
        assertThat(api.answers())
                .as(FILE)
                .extracting(OpenApi.Answer::example)
                .containsAll(Arrays.stream(ProblemType.values()).map(ProblemType::slug).toList());
    }

    private static Map<String, Object> fields(JsonNode json) {
        var fields = new HashMap<String, Object>();
        json.properties()
                .forEach(field ->
                        fields.put(
                                field.getKey(),
                                field.getValue().isInt()
                                        ? (Object) field.getValue().asInt()
                                        : field.getValue().asText()));
        return fields;
    }

    @Test
    void aCallThatMayHaveAKeySaysWhatKeysAndBodiesDoToIt() {
        var keyed = "#/components/parameters/idempotencyKey";
        var all = api.operations();
        var withKeys =
                all.stream()
                        .filter(call ->
                                call.json()
                                        .path("parameters")
                                        .findValuesAsText("$ref")
                                        .contains(keyed))
                        .toList();
        assertThat(withKeys).as(FILE).hasSizeGreaterThan(5);
        for (var call : withKeys) {
            assertThat(call.json().path("responses").fieldNames())
                    .toIterable()
                    .as(FILE + " on " + call)
                    .contains("413", "415", "422");
        }
    }

    @Test
    void itHasEveryLimitWithItsDefault() {
        var limits = new TreeSet<String>();
        var example =
                api.document()
                        .at("/paths/~1v1/get/responses/200/content/application~1json/example");
        for (var setting : Setting.values()) {
            if (setting.isNumber() || setting.isDuration()) {
                limits.add(setting.key());
                assertThat(example.path("limits").path(setting.key()).asText())
                        .as(FILE + " on " + setting.key())
                        .isEqualTo(setting.standard().equals("60s") ? "1m" : setting.standard());
            }
        }
        var about = api.document().at("/components/schemas/About/properties/limits");
        var properties = new TreeSet<String>();
        about.path("properties").fieldNames().forEachRemaining(properties::add);
        assertThat(properties).as(FILE).isEqualTo(limits);
    }

    @Test
    void everyExampleIsOfItsSchema() {
        for (var answer : api.answers()) {
            if (!answer.value().isMissingNode()) {
                assertThat(api.validate(answer.schema(), answer.value()))
                        .as(FILE + " on " + answer)
                        .isEmpty();
            }
        }
        for (var operation : api.operations()) {
            var content = operation.json().at("/requestBody/content/application~1json");
            content.path("examples")
                    .forEach(example ->
                            assertThat(api.validate(content.path("schema"), example.path("value")))
                                    .as(FILE + " on " + operation + " " + example)
                                    .isEmpty());
            operation
                    .json()
                    .path("parameters")
                    .forEach(reference -> {
                        var parameter = api.resolved(reference);
                        parameter
                                .path("examples")
                                .forEach(example ->
                                        assertThat(
                                                        api.validate(
                                                                parameter.path("schema"),
                                                                example.path("value")))
                                                .as(FILE + " on " + parameter)
                                                .isEmpty());
                        if (parameter.has("example")) {
                            assertThat(
                                            api.validate(
                                                    parameter.path("schema"),
                                                    parameter.path("example")))
                                    .as(FILE + " on " + parameter)
                                    .isEmpty();
                        }
                    });
        }
    }
}
