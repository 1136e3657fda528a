package io.eventfdd.internal.wire;

import static io.eventfdd.internal.wire.Problems.assertRefused;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.ProblemType;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;

class JsonTest {
    private static Object parse(String text) {
        return Json.parse(text.getBytes(UTF_8));
    }

    private static byte[] bytes(int... values) {
        var bytes = new ByteArrayOutputStream();
        for (int value : values) {
            bytes.write(value);
        }
        return bytes.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{}", " {\"a\":[1,-2,\"x\",null,true]}\r\n\t", "7", "\"\u00e4\"", "null"})
    void oneValueIsTaken(String text) {
        assertThat(parse(text)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", " ", "{", "}", "[1", "{\"a\":1,}", "[1,]", "{'a':1}", "{a:1}", "{\"a\" 1}",
                "01", "+1", ".5", "1.", "1e", "0x1", "NaN", "Infinity", "-Infinity", "[NaN]",
                "nul", "True", "\"a", "\"\\x\"", "\"a\tb\"", "\"\u0000\"", "// x\n1", "/**/1",
                        "#\n1"
            })
    void whatIsNotJsonIsRefused(String text) {
        assertRefused(ProblemType.INVALID_REQUEST, () -> parse(text), "not JSON: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "[1", "{\"a\":", "{\"a\":[{", "[[", "{\"a\"", "\"a"})
    void whatEndsTooSoonIsToldInPlainWords(String text) {
        assertRefused(ProblemType.INVALID_REQUEST, () -> parse(text), "not JSON: ", "line 1")
                .message()
                .doesNotContain("Source", "StreamRead", "start marker", "`", "REDACTED");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}{}", "{} 1", "1 2", "[]]", "{}}", "{} x", "{},"})
    void whatFollowsTheValueIsRefused(String text) {
        assertRefused(ProblemType.INVALID_REQUEST, () -> parse(text), "not JSON: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":1,\"a\":1}",
                "{\"a\":1,\"b\":2,\"a\":3}",
                "{\"a\":1,\"\\u0061\":2}",
                "[{\"x\":{\"a\":1,\"a\":2}}]"
            })
    void aFieldThatIsThereTwiceIsRefusedByName(String text) {
        assertRefused(
                ProblemType.INVALID_REQUEST, () -> parse(text), "not JSON: ", "uplicate", "'a'");
    }

    @Test
    void onlyUtf8IsRead() {
        var wrong =
                new byte[][] {
                    bytes('"', 0xff, '"'),
                    bytes('"', 0xc3, '"'),
                    bytes('"', 0xc0, 0x80, '"'),
                    bytes('"', 0xed, 0xa0, 0x80, '"'),
                    bytes('"', 0xf5, 0x80, 0x80, 0x80, '"'),
                    bytes('{', '}', 0x80)
                };
        for (var each : wrong) {
            assertRefused(ProblemType.INVALID_REQUEST, () -> Json.parse(each), "not UTF-8");
        }
    }

    @Test
    void otherEncodingsAreNotGuessed() {
        var text = "{\"value\": 1}";
        assertRefused(ProblemType.INVALID_REQUEST, () -> Json.parse(text.getBytes(UTF_16LE)));
        assertRefused(ProblemType.INVALID_REQUEST, () -> Json.parse(text.getBytes(UTF_16BE)));
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> Json.parse(("\ufeff" + text).getBytes(UTF_16LE)));
    }

    @Test
    void aByteOrderMarkIsNotJson() {
        assertRefused(ProblemType.INVALID_REQUEST, () -> parse("\ufeff{}"), "not JSON: ");
    }

    @Test
    void depthAndLengthHaveBounds() {
        assertThat(parse("[".repeat(500) + "]".repeat(500))).isInstanceOf(JsonArray.class);
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> parse("[".repeat(30_000) + "]".repeat(30_000)),
                "not JSON: ");
        assertRefused(
                ProblemType.INVALID_REQUEST, () -> parse("{\"a\":".repeat(10_000)), "not JSON: ");
        assertRefused(ProblemType.INVALID_REQUEST, () -> parse("9".repeat(60_000)), "not JSON: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\" 1}", "\ufeff{}", "{\"a\":1,\"a\":1}", "[1e", "{\"a\":\u001b}"})
    void theAnswerIsALineForPeopleThatNamesNoClass(String text) {
        assertRefused(ProblemType.INVALID_REQUEST, () -> parse(text), "line 1, column ")
                .satisfies(e ->
                        assertThat(e.getMessage())
                                .doesNotContain("jackson", "java.", "Exception", "`")
                                .doesNotContainPattern("\\p{Cntrl}"));
    }

    @Test
    void theAnswerSaysWhere() {
        assertRefused(ProblemType.INVALID_REQUEST, () -> parse("{\n  \"a\": x\n}"), "line 2");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1",
        "9007199254740993, 9007199254740993",
        "9223372036854775807, 9223372036854775807",
        "-9223372036854775808, 9223372036854775808",
        "-2, 18446744073709551614",
        "-1, 18446744073709551615"
    })
    void countsAreWrittenAsWholeUnsignedNumbers(long count, String digits) {
        var json = Json.object();
        Json.putCount(json, "value", count);
        assertThat(new String(Json.bytes(json), UTF_8)).isEqualTo("{\"value\":" + digits + "}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "{\"a\":[1,-2,\"x\",null,true,{\"b\":false}],\"c\":18446744073709551615}",
                "\"\\\"\\\\/\\n\\t\\u0000\\u001Fä\\u2028😀\"",
                "0.5",
                "-9223372036854775808"
            })
    void whatIsReadIsWrittenAsItWas(String text) {
        var written = new String(Json.bytes(parse(text)), UTF_8);
        assertThat(parse(written)).isEqualTo(parse(text));
        assertThat(written).isEqualTo(text.replace("\\u2028", "\u2028"));
    }

    @Property
    void aCountIsReadAsItIsWritten(@ForAll long count) {
        var json = Json.object();
        Json.putCount(json, "value", count);
        assertThat(JsonFields.parse(Json.bytes(json)).count("value", 0, -1L, 0)).isEqualTo(count);
    }

    @Property
    void anyBytesAreAValueOrAMalformedRequest(@ForAll byte[] bytes) {
        try {
            assertThat(Json.parse(bytes)).isNotNull();
        } catch (ProblemException e) {
            assertThat(e.problem().type()).isEqualTo(ProblemType.INVALID_REQUEST);
        }
    }
}
