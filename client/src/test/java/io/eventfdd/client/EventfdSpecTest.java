package io.eventfdd.client;

import static io.eventfdd.internal.wire.Problems.assertInvalid;
import static io.eventfdd.internal.wire.Problems.assertRefused;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.SpecFields;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventfdSpecTest {
    private static EventfdSpec read(String json) {
        var fields = JsonFields.parse(json.getBytes(UTF_8));
        var spec = SpecFields.from(fields);
        fields.end();
        return spec;
    }

    @Test
    void whatIsAbsentHasItsDefault() {
        assertThat(read("{}"))
                .isEqualTo(read(""))
                .isEqualTo(EventfdSpec.counter())
                .isEqualTo(new EventfdSpec(0, false, true, AccessMode.DEFAULT));
    }

    @Test
    void everyFieldIsRead() {
        assertThat(
                        read(
                                "{\"initial\": 7, \"semaphore\": true, \"nonblocking\": false,"
                                        + " \"mode\": \"640\"}"))
                .isEqualTo(EventfdSpec.semaphoreOf(7).withNonblocking(false).withMode("0640"));
    }

    @Property
    void aSpecIsReadAsItIsWritten(
            @ForAll @LongRange(max = Count.MAX_INITIAL) long initial,
            @ForAll boolean semaphore,
            @ForAll boolean nonblocking,
            @ForAll @IntRange(max = 0777) int bits) {
        var spec = new EventfdSpec(initial, semaphore, nonblocking, new AccessMode(bits));
        assertThat(read(SpecFields.json(spec).toString())).isEqualTo(spec);
    }

    @Test
    void theInitialCountIsOf32Bits() {
        assertThat(read("{\"initial\": 4294967295}").initial()).isEqualTo(4294967295L);
        assertThat(read("{\"initial\": \"4294967295\"}").initial()).isEqualTo(4294967295L);
        for (var bad : new String[] {"-1", "4294967296", "18446744073709551616", "\"-1\""}) {
            assertRefused(
                    ProblemType.INVALID_VALUE, () -> read("{\"initial\": " + bad + "}"), "initial");
        }
        assertInvalid(
                ProblemType.INVALID_VALUE, () -> EventfdSpec.counter().withInitial(-1), "initial");
        assertInvalid(
                ProblemType.INVALID_VALUE,
                () -> EventfdSpec.semaphoreOf(4294967296L),
                "initial: 4294967296 is not 0 to 4294967295");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"initial\": 1.0}", "{\"initial\": true}", "{\"initial\": null}",
                "{\"semaphore\": 1}", "{\"semaphore\": \"true\"}", "{\"semaphore\": null}",
                "{\"nonblocking\": 0}", "{\"mode\": 660}", "{\"mode\": null}",
                "{\"semaphor\": true}", "[]", "7"
            })
    void aWrongTypeOrFieldIsAMalformedRequest(String json) {
        assertRefused(ProblemType.INVALID_REQUEST, () -> read(json));
    }

    @Test
    void specsAreTheSameWhateverTheyBeganWith() {
        var spec = EventfdSpec.counter();
        assertThat(spec.sameAs(spec.withInitial(9))).isTrue();
        assertThat(spec.sameAs(EventfdSpec.semaphoreOf(0))).isFalse();
        assertThat(spec.sameAs(spec.withNonblocking(false))).isFalse();
        assertThat(spec.sameAs(spec.withMode("0600"))).isFalse();
        assertThat(spec.sameAs(spec.withMode("660"))).isTrue();
    }
}
