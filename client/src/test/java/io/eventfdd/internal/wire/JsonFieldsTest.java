package io.eventfdd.internal.wire;

import static io.eventfdd.internal.wire.Problems.assertRefused;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.Count;
import io.eventfdd.client.ProblemType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;

class JsonFieldsTest {
    private static final long HIGHEST = -1L;

    private static JsonFields fields(String json) {
        return JsonFields.parse(json.getBytes(UTF_8));
    }

    @Test
    void noBodyIsAnObjectWithoutFields() {
        var none = fields("");
        assertThat(none.has("value")).isFalse();
        assertThat(none.count("value", 1, 9, 7)).isEqualTo(7);
        assertThat(none.bool("consume", true)).isTrue();
        assertThat(none.text("mode")).isEmpty();
        assertThat(none.timeout("timeout", Duration.ZERO)).isEmpty();
        assertThat(none.fields("create")).isEmpty();
        none.end();
    }

    @Test
    void aNameThatIsNoneIsToldWithItsField() {
        assertRefused(
                ProblemType.INVALID_NAME,
                () -> fields("{\"name\":\"a/b\"}").name("name"),
                "name: 'a/b' is not a name");
        assertRefused(
                ProblemType.INVALID_NAME,
                () -> fields("{\"names\":[\"a\",\".b\"]}").names("names"),
                "names[1]: '.b' is not a name");
        var lease = fields("{\"take\":[{\"name\":\"a\"},{\"name\":\"/\"}]}");
        assertRefused(
                ProblemType.INVALID_NAME,
                () -> LeaseShare.listFrom(lease, "take", 9),
                "take[1].name: '/' is not a name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "[]", "[{}]", "1", "\"x\"", "true"})
    void onlyAnObjectHasFields(String json) {
        assertRefused(
                ProblemType.INVALID_REQUEST, () -> fields(json), "the body is not a JSON object");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1",
        "9007199254740993, 9007199254740993",
        "9223372036854775808, " + "9223372036854775808",
        "18446744073709551615, 18446744073709551615",
        "-0, 0",
        "\"0\", 0",
        "\"007\", 7",
        "\"18446744073709551614\", 18446744073709551614"
    })
    void aCountIsAnIntegerOrAStringOfDigits(String json, String digits) {
        assertThat(Count.toString(fields("{\"n\":" + json + "}").count("n", 0, HIGHEST, 0)))
                .isEqualTo(digits);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-1",
                "18446744073709551616",
                "-18446744073709551615",
                "99999999999999999999999999",
                "\"18446744073709551616\"",
                "\"\"",
                "\"-1\"",
                "\"+1\"",
                "\"1.0\"",
                "\" 1\"",
                "\"1e3\"",
                "\"0x1\"",
                "\"one\"",
                "\"\u0661\""
            })
    void aCountOutOfRangeOrFormIsAnInvalidValue(String json) {
        assertRefused(
                ProblemType.INVALID_VALUE,
                () -> fields("{\"n\":" + json + "}").count("n", 0, HIGHEST, 0),
                "n: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.0", "1e3", "1.5", "-1.0", "1E0", "true", "null", "[1]", "{}"})
    void aCountIsNeverAFloatNorAnotherType(String json) {
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> fields("{\"n\":" + json + "}").count("n", 0, HIGHEST, 0),
                "n is not an integer");
    }

    @Test
    void theLimitsOfACountAreUnsigned() {
        assertThat(fields("{\"n\":18446744073709551614}").count("n", 1, Count.MAX, 1))
                .isEqualTo(Count.MAX);
        assertRefused(
                ProblemType.INVALID_VALUE,
                () -> fields("{\"n\":18446744073709551615}").count("n", 1, Count.MAX, 1),
                "n: 18446744073709551615 is not 1 to 18446744073709551614");
        assertRefused(
                ProblemType.INVALID_VALUE,
                () -> fields("{\"n\":0}").count("n", 1, Count.MAX, 1),
                "n: 0 is not 1 to");
    }

    @Test
    void aHugeNumberIsRefusedQuicklyAndShownShort() {
        assertRefused(
                        ProblemType.INVALID_VALUE,
                        () -> fields("{\"n\":" + "9".repeat(900) + "}").count("n", 1, Count.MAX, 1),
                        "n: 999",
                        "…")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
    }

    @Test
    void aWrongTypeIsRefusedByTheNameOfTheField() {
        var all = "{\"a\":1,\"b\":\"x\",\"c\":[],\"d\":{}}";
        assertRefused(
                ProblemType.INVALID_REQUEST, () -> fields(all).text("a"), "a is not a string");
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> fields(all).bool("b", true),
                "b is not true or false");
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> fields(all).timeout("d", Duration.ZERO),
                "d is not a string");
        assertRefused(
                ProblemType.INVALID_REQUEST, () -> fields(all).array("d"), "d is not an array");
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> fields(all).fields("c"),
                "c is not a JSON object");
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> fields(all).array("e"),
                "the field e is missing");
    }

    @Test
    void aFieldInsideIsNamedWithItsWay() {
        var inner = fields("{\"create\":{\"initial\":-1,\"mod\":1}}").fields("create").get();
        assertRefused(
                ProblemType.INVALID_VALUE, () -> inner.count("initial", 0, 9, 0), "create.initial");
        assertRefused(ProblemType.INVALID_REQUEST, inner::end, "unknown field: create.mod");
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> JsonFields.of("eventfds[2].", Json.parse("7".getBytes(UTF_8))),
                "eventfds[2] is not a JSON object");
    }

    @Test
    void whatNobodyAskedForIsRefusedByName() {
        var fields = fields("{\"value\":1,\"vlaue\":2}");
        assertThat(fields.count("value", 1, 9, 1)).isEqualTo(1);
        assertRefused(ProblemType.INVALID_REQUEST, fields::end, "unknown field: vlaue");
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> fields("{\"a\":1,\"b\":2,\"c\":3}").end("b"),
                "unknown fields: a, c");
    }

    @Test
    void whatIsAskedForLaterIsKnownAlready() {
        var fields = fields("{\"eventfds\":[]}");
        fields.end("eventfds");
        assertThat(fields.array("eventfds")).isEmpty();
    }

    @Test
    void manyUnknownFieldsAreNotAllTold() {
        var json = new StringBuilder("{\"x\":0");
        for (int i = 0; i < 1000; i++) {
            json.append(",\"field").append(i).append("\\u001b\":0");
        }
        assertRefused(
                        ProblemType.INVALID_REQUEST,
                        () -> fields(json.append('}').toString()).end(),
                        "x, field0\ufffd")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
    }
}
