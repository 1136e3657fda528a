package io.eventfdd.client;

import static io.eventfdd.internal.wire.Problems.assertInvalid;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.internal.wire.Shown;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.regex.Pattern;

class EventfdNameTest {
    /** The sentence of server/API.md, as a pattern. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    @ParameterizedTest
    @ValueSource(strings = {"a", "Z", "0", "a.b_c-d", "9..", "x--", "Orders.2026_q1"})
    void lettersDigitsDotsUnderscoresAndDashesMakeAName(String text) {
        assertThat(EventfdName.isName(text)).isTrue();
        assertThat(new EventfdName(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "-a",
                "_a",
                ".a",
                "a b",
                "a/b",
                "a\0",
                "a\n",
                "é",
                "aé",
                "a%41",
                "\ud83d\ude00",
                "a\ud800",
                "\u0661",
                "\uff41",
                "\u212a"
            })
    void everythingElseIsNone(String text) {
        assertThat(EventfdName.isName(text)).isFalse();
        assertInvalid(ProblemType.INVALID_NAME, () -> new EventfdName(text), "is not a name");
    }

    @Test
    void aNameHasAtMost128Characters() {
        assertThat(EventfdName.isName("a".repeat(128))).isTrue();
        assertThat(EventfdName.isName("a".repeat(129))).isFalse();
    }

    @Property
    void namesAreJustWhatTheApiSays(@ForAll("nearlyNames") String text) {
        assertThat(EventfdName.isName(text)).isEqualTo(NAME.matcher(text).matches());
    }

    @Provide
    Arbitrary<String> nearlyNames() {
        return Arbitraries.strings()
                .withChars("AZaz09._-")
                .withChars("@[`{/: \n\0")
                .ofMaxLength(140);
    }

    @Property
    void namesOrderAsTheirBytes(@ForAll("names") String one, @ForAll("names") String other) {
        assertThat(Integer.signum(new EventfdName(one).compareTo(new EventfdName(other))))
                .isEqualTo(
                        Integer.signum(
                                Arrays.compareUnsigned(
                                        one.getBytes(UTF_8), other.getBytes(UTF_8))));
    }

    @Provide
    Arbitrary<String> names() {
        var first = Arbitraries.strings().withChars("Aaz09").ofLength(1);
        var rest = Arbitraries.strings().withChars("Aaz09._-").ofMaxLength(3);
        return first.flatMap(head -> rest.map(tail -> head + tail));
    }

    @Test
    void aLongOneIsCutInTheAnswer() {
        assertInvalid(ProblemType.INVALID_NAME, () -> new EventfdName("ä".repeat(60_000)), "ä…")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(400));
    }

    @Property
    void whatIsShownOfATextMovesNoCursorAndIsWellFormed(@ForAll String text) {
        var shown = Shown.of(text);
        assertThat(shown.chars().noneMatch(Character::isISOControl)).isTrue();
        assertThat(new String(shown.getBytes(UTF_8), UTF_8)).isEqualTo(shown);
        assertThat(shown.codePointCount(0, shown.length())).isLessThanOrEqualTo(130);
    }
}
