package io.eventfdd.client;

import static io.eventfdd.internal.wire.Problems.assertInvalid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.internal.wire.Digits;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.math.BigInteger;

class CountTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "1",
                "4294967295",
                "9007199254740993",
                "9223372036854775807",
                "9223372036854775808",
                "18446744073709551614",
                "18446744073709551615"
            })
    void everyBitOfALongIsOneOfTheNumber(String digits) {
        long count = Digits.parse(digits).longValue();
        assertThat(Count.toString(count)).isEqualTo(digits);
        assertThat(Count.toBigInteger(count)).isEqualTo(new BigInteger(digits));
    }

    @Property
    void aCountIsNeverNegative(@ForAll long count) {
        assertThat(Count.toBigInteger(count).signum()).isNotNegative();
        assertThat(Count.toBigInteger(count)).hasToString(Count.toString(count));
        assertThat(Digits.parse(Count.toString(count)).longValue()).isEqualTo(count);
    }

    @Test
    void theHighestAreTheKernels() {
        assertThat(Count.toString(Count.MAX)).isEqualTo("18446744073709551614");
        assertThat(Count.MAX_INITIAL).isEqualTo(4294967295L);
    }

    @Test
    void aNumberThatDoesNotFitIsSeenAsItIs() {
        assertThat(Digits.parse("18446744073709551617")).hasToString("18446744073709551617");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "9223372036854775808", "18446744073709551614"})
    void aValueIsParsed(String digits) {
        assertThat(Count.toString(Count.parseValue(digits))).isEqualTo(digits);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "-1", "x", "18446744073709551615"})
    void anythingElseIsNoValue(String digits) {
        assertInvalid(ProblemType.INVALID_VALUE, () -> Count.parseValue(digits), "value: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "-1",
                "+1",
                "1.0",
                "1e3",
                "0x10",
                "1_000",
                " 1",
                "1\n",
                "\u0661",
                "00000000000000000000000000000000000000001"
            })
    void onlyDecimalDigitsSpellACount(String text) {
        assertThatThrownBy(() -> Digits.parse(text))
                .isInstanceOf(NumberFormatException.class)
                .hasMessageStartingWith("not a decimal number: '");
    }
}
