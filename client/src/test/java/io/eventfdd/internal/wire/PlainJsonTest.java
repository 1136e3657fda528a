package io.eventfdd.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.stream.Stream;

class PlainJsonTest {
    private static Object parsed(String text) {
        return PlainJson.parse(text.getBytes(UTF_8));
    }

    /** The value, or the sentence that says what is wrong. */
    private static Object outcome(byte[] text) {
        try {
            return Json.parse(text);
        } catch (ProblemException e) {
            return e.problem();
        }
    }

    private static Object outcomeByJackson(byte[] text) {
        try {
            return Json.parseAny(text);
        } catch (ProblemException e) {
            return e.problem();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "0",
                "7",
                "999999999999999999",
                "true",
                "false",
                "null",
                "\"\"",
                "\"a\"",
                " { \"a\" :\t[ 1 ,\r2 ] ,\n\"b\" : { \"c\" : null } } ",
                "{\"op\":\"open\",\"eventfds\":[{\"name\":\"a\"},{\"name\":\"b\",\"create\":{}}]}",
                "{\"op\":\"lease\",\"take\":[{\"name\":\"p\",\"value\":2}],\"holder\":\"process\"}",
                "{\"1\":1,\"2\":2,\"3\":3,\"4\":4,\"5\":5,\"6\":6,\"7\":7,\"8\":8,\"9\":9,\"10\":10}",
                "[[[[[[[[1]]]]]]]]"
            })
    void plainTextIsReadAsJacksonReadsIt(String text) {
        assertThat(parsed(text)).isNotNull().isEqualTo(Json.parseAny(text.getBytes(UTF_8)));
    }

    static Stream<String> notPlain() {
        return Stream.of(
                "",
                " ",
                "-1",
                "1.0",
                "1e3",
                "01",
                "1000000000000000000",
                "\"\\n\"",
                "\"\u00e4\"",
                "\"a",
                "\"a\nb\"",
                "{\"a\":1,\"a\":2}",
                "{\"" + "a".repeat(65) + "\":1}",
                "{} {}",
                "[1,]",
                "{\"a\":1,}",
                "{\"a\"}",
                "{\"a\" 1}",
                "[1 2]",
                "[1",
                "{\"a\":1",
                "truex",
                "tru",
                "nulll",
                "[[[[[[[[[1]]]]]]]]]",
                "{a:1}",
                "\u0000",
                "1\u0000",
                "\u00ff",
                ",",
                "}",
                "]",
                ":",
                "{\"1\":1,\"2\":2,\"3\":3,\"4\":4,\"5\":5,\"6\":6,\"7\":7,\"8\":8,"
                        + "\"9\":9,\"1\":1}");
    }

    @ParameterizedTest
    @MethodSource
    void notPlain(String text) {
        assertThat(parsed(text)).isNull();
        assertThat(outcome(text.getBytes(UTF_8))).isEqualTo(outcomeByJackson(text.getBytes(UTF_8)));
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.of(
                        "{",
                        "}",
                        "[",
                        "]",
                        ",",
                        ":",
                        "\"a\"",
                        "\"b\"",
                        "\"",
                        "a",
                        "\\",
                        "\\n",
                        "1",
                        "0",
                        "-",
                        ".",
                        "e",
                        "999999999999999999",
                        "true",
                        "false",
                        "null",
                        " ",
                        "\n",
                        "\u00ff",
                        "\u0000",
                        "{\"a\":",
                        ",\"b\":",
                        "{\"a\":1}",
                        "[1,2]")
                .list()
                .ofMaxSize(12)
                .map(parts -> String.join("", parts));
    }

    @Property(tries = 20_000)
    void everyTextHasTheOutcomeThatItHasByJackson(@ForAll("texts") String text) {
        var bytes = text.getBytes(UTF_8);
        assertThat(outcome(bytes)).isEqualTo(outcomeByJackson(bytes));
    }

    @Property
    void everyRequestThatIsCutOrChangedHasTheOutcomeThatItHasByJackson(
            @ForAll("cuts") int cut, @ForAll byte changed) {
        var request =
                ("{\"op\":\"lease\",\"take\":[{\"name\":\"permits\",\"value\":12}],"
                                + " \"give\":[],\"holder\":\"process\",\"timeout\":\"5s\"}")
                        .getBytes(ISO_8859_1);
        request[cut] = changed;
        assertThat(outcome(request)).isEqualTo(outcomeByJackson(request));
        var rest = Arrays.copyOf(request, cut);
        assertThat(outcome(rest)).isEqualTo(outcomeByJackson(rest));
    }

    @Provide
    Arbitrary<Integer> cuts() {
        return Arbitraries.integers().between(0, 90);
    }
}
