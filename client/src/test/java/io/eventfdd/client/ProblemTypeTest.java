package io.eventfdd.client;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.ProblemException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProblemTypeTest {
    private static final int ROWS = 18;

    /** The table of server/API.md, row by row. */
    @ParameterizedTest
    @CsvSource({
        "invalid-name, 400,",
        "invalid-value, 400,",
        "invalid-request, 400,",
        "forbidden, 403, EACCES",
        "not-found, 404, ENOENT",
        "method-not-allowed, 405,",
        "exists, 409, EEXIST",
        "would-block, 409, EAGAIN",
        "idempotency-key-in-use, 409,",
        "gone, 410,",
        "precondition-failed, 412,",
        "too-large, 413,",
        "unsupported-media-type, 415,",
        "idempotency-key-reused, 422,",
        "limit, 429, EMFILE",
        "internal, 500,",
        "unsupported, 501, ENOSYS",
        "shutting-down, 503,"
    })
    void theTableIsThatOfTheApi(String name, int status, String errno) {
        var type = ProblemType.ofUrn("urn:eventfdd:problem:" + name).orElseThrow();
        assertThat(type.slug()).isEqualTo(name);
        assertThat(type.status()).isEqualTo(status);
        assertThat(type.errno().orElse(null)).isEqualTo(errno);
    }

    @Test
    void itHasNoFurtherRows() {
        assertThat(ProblemType.values()).hasSize(ROWS);
    }

    @ParameterizedTest
    @EnumSource(ProblemType.class)
    void aTypeHasATitleForPeopleAndIsFoundByItsUrn(ProblemType type) {
        assertThat(type.title()).isNotBlank().matches("[A-Z].*[^.]");
        assertThat(type.urn()).isEqualTo("urn:eventfdd:problem:" + type.slug());
        assertThat(ProblemType.ofUrn(type.urn())).contains(type);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "about:blank",
                "gone",
                "urn:eventfdd:problem:",
                "urn:eventfdd:problem:GONE"
            })
    void anotherUrnIsOfNoType(String urn) {
        assertThat(ProblemType.ofUrn(urn)).isEmpty();
    }

    @Test
    void aDocumentHasTheKernelsWordWhereThereIsOne() {
        assertThat(
                        new String(
                                ProblemDocument.bytes(
                                        ProblemType.WOULD_BLOCK.problem("no room in a")),
                                UTF_8))
                .isEqualTo(
                        "{\"type\":\"urn:eventfdd:problem:would-block\",\"title\":\""
                                + ProblemType.WOULD_BLOCK.title()
                                + "\",\"status\":409,\"detail\":\"no room in a\","
                                + "\"errno\":\"EAGAIN\"}");
        assertThat(ProblemDocument.json(ProblemType.GONE.problem("x")).names())
                .containsExactly("type", "title", "status", "detail");
    }

    @Test
    void anErrorOfTheHttpLayerKeepsItsOwnStatus() {
        assertThat(
                        ProblemDocument.json(new Problem(ProblemType.INVALID_REQUEST, 431, "x"))
                                .get("status"))
                .hasToString("431");
    }

    @Test
    void anExceptionCarriesItsProblemAndNoStackTrace() {
        var thrown = new ProblemException(ProblemType.GONE, "a was deleted");
        assertThat(thrown.problem()).isEqualTo(new Problem(ProblemType.GONE, 410, "a was deleted"));
        assertThat(thrown).hasMessage("gone: a was deleted");
        assertThat(thrown.getStackTrace()).isEmpty();
    }
}
