package io.eventfdd.server.eventfds;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Count;

import org.junit.jupiter.api.Test;

import java.math.BigInteger;

/** The sum of the values that found no room. */
class ReturningTest {
    private final Returning returning = new Returning();

    private BigInteger sum() {
        return returning.values().stream()
                .map(Count::toBigInteger)
                .reduce(BigInteger.ZERO, BigInteger::add);
    }

    @Test
    void manyValuesAreOneSum() {
        for (int i = 0; i < 100; i++) {
            returning.add(3);
        }
        assertThat(returning.values()).containsExactly(300L);
        assertThat(returning.next()).isEqualTo(300);
        returning.remove(1);
        assertThat(returning.values()).containsExactly(299L);
        returning.remove(299);
        assertThat(returning.isEmpty()).isTrue();
        assertThat(returning.values()).isEmpty();
    }

    @Test
    void theSumMayBeMoreThanACountCanHold() {
        long[] values = {1, Count.MAX, Long.MIN_VALUE, Count.OVERFLOW, Count.MAX, Count.MAX - 1, 7};
        var expected = BigInteger.ZERO;
        for (long value : values) {
            returning.add(value);
            expected = expected.add(Count.toBigInteger(value));
            assertThat(sum()).isEqualTo(expected);
        }
        for (long part : new long[] {Count.MAX, 5, 1, Long.MAX_VALUE, Long.MIN_VALUE, 9}) {
            assertThat(Long.compareUnsigned(part, returning.next())).isNotPositive();
            returning.remove(part);
            expected = expected.subtract(Count.toBigInteger(part));
            assertThat(sum()).isEqualTo(expected);
        }
        while (!returning.isEmpty()) {
            returning.remove(returning.next());
        }
        assertThat(sum()).isZero();
    }

    @Test
    void theSumIsBounded() {
        for (int i = 0; i < 5000; i++) {
            returning.add(Count.MAX);
        }
        assertThat(returning.values()).hasSize(16);
        returning.clear();
        assertThat(returning.isEmpty()).isTrue();
    }
}
