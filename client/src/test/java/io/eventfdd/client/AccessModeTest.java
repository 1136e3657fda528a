package io.eventfdd.client;

import static io.eventfdd.internal.wire.Problems.assertInvalid;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessModeTest {
    @ParameterizedTest
    @CsvSource({"0660, 432", "660, 432", "000, 0", "066, 54", "0000, 0", "777, 511", "0604, 388"})
    void aModeIsThreeOctalDigitsAndPerhapsAZeroBeforeThem(String text, int bits) {
        assertThat(AccessMode.parse(text).bits()).isEqualTo(bits);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0",
                "66",
                "1660",
                "00660",
                "0o660",
                "668",
                "rw-rw----",
                "-660",
                "660 ",
                "660\n",
                "\u0666\u0666\u0660",
                "0x1b0"
            })
    void nothingElseIsOne(String text) {
        assertInvalid(
                ProblemType.INVALID_VALUE,
                () -> AccessMode.parse(text),
                "mode: ",
                "three octal digits");
    }

    @Property
    void aModeIsWrittenAsItIsRead(@ForAll @IntRange(max = 0777) int bits) {
        var mode = new AccessMode(bits);
        assertThat(mode.toString()).matches("0[0-7]{3}");
        assertThat(AccessMode.parse(mode.toString())).isEqualTo(mode);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 01000, 07777})
    void thereAreNoFurtherBits(int bits) {
        assertInvalid(ProblemType.INVALID_VALUE, () -> new AccessMode(bits), "mode: ");
    }

    @Test
    void ownerAndGroupReadAndWriteWhereNobodySaysOtherwise() {
        assertThat(AccessMode.DEFAULT).hasToString("0660");
    }
}
