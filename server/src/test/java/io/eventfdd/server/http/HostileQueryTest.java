package io.eventfdd.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.ProblemException;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever stands behind the question mark is parameters or an {@code invalid-request}. */
class HostileQueryTest {
    @Property(seed = "1")
    void aQuery(@ForAll("queries") String raw) {
        try {
            var query = Query.parse(raw);
            query.text("timeout");
            query.text("limit");
            query.end();
        } catch (ProblemException e) {
            assertThat(e.problem().type()).isEqualTo(ProblemType.INVALID_REQUEST);
            assertThat(Json.parse(ProblemDocument.bytes(e.problem())))
                    .isInstanceOf(JsonObject.class);
            assertThat(ProblemDocument.bytes(e.problem()).length).isLessThan(8192);
        }
    }

    @Property(seed = "2")
    void whatWasEncodedIsDecoded(@ForAll("texts") String text) {
        var encoded = new StringBuilder();
        for (byte b : text.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
            encoded.append("%%%02x".formatted(b & 0xff));
        }
        var query = Query.parse("timeout=" + encoded);
        assertThat(query.text("timeout")).contains(text);
        query.end();
    }

    @Provide
    Arbitrary<String> queries() {
        var pieces =
                Arbitraries.of(
                        "timeout",
                        "limit",
                        "after",
                        "=",
                        "&",
                        "%",
                        "%2",
                        "%41",
                        "%ff",
                        "%c0%af",
                        "%ed%a0%80",
                        "%00",
                        "+",
                        " ",
                        "\u00e9",
                        "\ud800",
                        "?",
                        "#",
                        "a",
                        "&&",
                        "==");
        return Arbitraries.oneOf(
                pieces.list().ofMaxSize(12).map(all -> String.join("", all)),
                Arbitraries.strings().ascii().ofMaxLength(60),
                Arbitraries.strings().ofMaxLength(60));
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.strings()
                .ofMaxLength(40)
                .filter(text ->
                        java.nio.charset.StandardCharsets.UTF_8.newEncoder().canEncode(text));
    }
}
