package io.eventfdd.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.ProblemType;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * Whatever a client sends is a request or a problem of it (400, 413), never another exception; and
 * what is a request is one that can be told again in its own words.
 *
 * <p>{@code -Djqwik.tries.default=100000} makes it longer.
 */
class HostileTextTest {
    private static final Duration MAX_WAIT = Duration.ofHours(1);

    // What is told of a problem is itself JSON, whatever was in the text.
    private static void isTakenOrRefused(byte[] text, Consumer<JsonFields> reader) {
        try {
            reader.accept(JsonFields.parse(text));
        } catch (ProblemException e) {
            assertThat(e.problem().status()).isIn(400, 413);
            assertThat(Json.parse(ProblemDocument.bytes(e.problem())))
                    .isInstanceOf(JsonObject.class);
            assertThat(ProblemDocument.bytes(e.problem()).length).isLessThan(8192);
        }
    }

    private static JsonFields again(JsonObject json) {
        return JsonFields.parse(Json.bytes(json));
    }

    @Property(seed = "1")
    void anOpenRequest(@ForAll("texts") byte[] text) {
        isTakenOrRefused(
                text,
                fields -> {
                    var request = OpenRequest.from(fields);
                    assertThat(OpenRequest.from(again(request.toJson()))).isEqualTo(request);
                });
    }

    @Property(seed = "2")
    void aWriteRequest(@ForAll("texts") byte[] text) {
        isTakenOrRefused(
                text,
                fields -> {
                    var request = WriteRequest.from(fields, Duration.ZERO, MAX_WAIT);
                    assertThat(request.value()).isNotIn(0L, -1L);
                    assertThat(request.timeout()).isBetween(Duration.ZERO, MAX_WAIT);
                    assertThat(WriteRequest.from(again(request.toJson()), Duration.ZERO, MAX_WAIT))
                            .isEqualTo(request);
                });
    }

    @Property(seed = "3")
    void aWaitRequest(@ForAll("texts") byte[] text) {
        isTakenOrRefused(
                text,
                fields -> {
                    var request = WaitRequest.from(fields, Duration.ZERO, MAX_WAIT);
                    assertThat(request.timeout()).isBetween(Duration.ZERO, MAX_WAIT);
                    assertThat(WaitRequest.from(again(request.toJson()), Duration.ZERO, MAX_WAIT))
                            .isEqualTo(request);
                });
    }

    @Property(seed = "4")
    void aSpec(@ForAll("texts") byte[] text) {
        isTakenOrRefused(
                text,
                fields -> {
                    var spec = SpecFields.from(fields);
                    fields.end();
                    assertThat(SpecFields.from(again(SpecFields.json(spec)))).isEqualTo(spec);
                });
    }

    @Property(seed = "5")
    void aTimeout(@ForAll("durations") String text) {
        try {
            var timeout = Timeout.parse("timeout", text, MAX_WAIT);
            assertThat(timeout).isBetween(Duration.ZERO, MAX_WAIT);
            assertThat(Timeout.parse("timeout", Timeout.format(timeout), MAX_WAIT))
                    .isEqualTo(timeout);
        } catch (ProblemException e) {
            assertThat(Json.parse(ProblemDocument.bytes(e.problem())))
                    .isInstanceOf(JsonObject.class);
        }
    }

    @Property(seed = "6")
    void aName(@ForAll("strings") String text) {
        try {
            assertThat(EventfdNames.parse(text).value())
                    .matches("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
        } catch (ProblemException e) {
            assertThat(e.problem().type()).isEqualTo(ProblemType.INVALID_NAME);
            assertThat(Json.parse(ProblemDocument.bytes(e.problem())))
                    .isInstanceOf(JsonObject.class);
            assertThat(text).doesNotMatch("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
        }
    }

    // What they may be

    @Provide
    Arbitrary<String> strings() {
        return Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(200),
                Arbitraries.strings().ascii().ofMaxLength(140),
                Arbitraries.strings().withCharRange('\ud7f0', '\ue010').ofMaxLength(140),
                Arbitraries.strings().alpha().numeric().withChars("._-").ofMaxLength(140));
    }

    @Provide
    Arbitrary<String> durations() {
        var units = Arbitraries.of("ms", "s", "m", "h", "", "d", " s", "S", "\u0661s");
        var numbers =
                Arbitraries.oneOf(
                        Arbitraries.longs().map(Object::toString),
                        Arbitraries.integers().between(0, 4000).map(Object::toString),
                        Arbitraries.strings().numeric().ofMaxLength(40),
                        Arbitraries.of("", "-0", "+1", "1.5", "0x1", "1e3", "\u0663"));
        return Arbitraries.oneOf(
                Combinators.combine(numbers, units).as((number, unit) -> number + unit), strings());
    }

    /** Requests that nearly are, with bytes of them changed, and bytes that never were one. */
    @Provide
    Arbitrary<byte[]> texts() {
        var requests = objects().map(text -> text.getBytes(StandardCharsets.UTF_8));
        var changed =
                Combinators.combine(
                                requests,
                                Arbitraries.integers().between(0, 10_000),
                                Arbitraries.bytes().array(byte[].class).ofMaxSize(6),
                                Arbitraries.integers().between(0, 6))
                        .as(HostileTextTest::changed);
        var deep =
                Combinators.combine(
                                Arbitraries.of("[", "{\"a\":", "[{\"eventfds\":"),
                                Arbitraries.integers().between(1, 4000))
                        .as((opening, times) ->
                                opening.repeat(times).getBytes(StandardCharsets.US_ASCII));
        return Arbitraries.frequencyOf(
                List.of(
                        net.jqwik.api.Tuple.of(5, requests),
                        net.jqwik.api.Tuple.of(5, changed),
                        net.jqwik.api.Tuple.of(1, deep),
                        net.jqwik.api.Tuple.of(
                                1, Arbitraries.bytes().array(byte[].class).ofMaxSize(300))));
    }

    private static byte[] changed(byte[] text, int place, byte[] with, int without) {
        int at = place % (text.length + 1);
        int end = Math.min(text.length, at + without);
        var changed = new byte[at + with.length + text.length - end];
        System.arraycopy(text, 0, changed, 0, at);
        System.arraycopy(with, 0, changed, at, with.length);
        System.arraycopy(text, end, changed, at + with.length, text.length - end);
        return changed;
    }

    private Arbitrary<String> objects() {
        var names =
                Arbitraries.of(
                        "op",
                        "eventfds",
                        "name",
                        "create",
                        "exclusive",
                        "value",
                        "timeout",
                        "mode",
                        "consume",
                        "initial",
                        "semaphore",
                        "nonblocking",
                        "typo",
                        "\\u0000",
                        "\\ud800",
                        "op ");
        var field =
                Combinators.combine(names, Arbitraries.lazy(this::values))
                        .as((name, value) -> "\"" + name + "\":" + value);
        return Arbitraries.oneOf(
                field.list().ofMaxSize(5).map(all -> "{" + String.join(",", all) + "}"),
                Arbitraries.lazy(this::values)
                        .list()
                        .ofMaxSize(4)
                        .map(all ->
                                "{\"op\":\"open\",\"eventfds\":[" + String.join(",", all) + "]}"));
    }

    private Arbitrary<String> values() {
        return Arbitraries.frequencyOf(
                List.of(
                        net.jqwik.api.Tuple.of(
                                12,
                                Arbitraries.of(
                                        "\"open\"",
                                        "\"a\"",
                                        "\"any\"",
                                        "\"all\"",
                                        "\"0660\"",
                                        "\"5ms\"",
                                        "\"\"",
                                        "\"\\ud800\"",
                                        "\"\\u0000\"",
                                        "true",
                                        "false",
                                        "null",
                                        "0",
                                        "-0",
                                        "1",
                                        "-3",
                                        "1.0",
                                        "1e2",
                                        "18446744073709551614",
                                        "18446744073709551615",
                                        "4294967295",
                                        "4294967296",
                                        "1e999999999",
                                        "-1e-999999999",
                                        "9".repeat(1500),
                                        "\"7\"",
                                        "\"" + "9".repeat(50) + "\"",
                                        "\"\u0663\"",
                                        "[]",
                                        "{}",
                                        "[\"a\"]",
                                        "[\"a\",\"b\"]",
                                        "[\"a\",\"a\"]",
                                        "{\"name\":\"a\"}",
                                        "{\"name\":\"b\",\"create\":{}}",
                                        "{\"name\":\"c\",\"create\":{\"initial\":5}}")),
                        net.jqwik.api.Tuple.of(3, Arbitraries.bigIntegers().map(Object::toString)),
                        net.jqwik.api.Tuple.of(
                                3,
                                strings()
                                        .map(text ->
                                                Json.object()
                                                        .put(
                                                                "x",
                                                                text.replaceAll(
                                                                        "[\ud800-\udfff]", "?"))
                                                        .get("x")
                                                        .toString())),
                        net.jqwik.api.Tuple.of(2, Arbitraries.lazy(this::objects))));
    }
}
