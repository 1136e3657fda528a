package io.eventfdd.client;

import io.eventfdd.internal.wire.Digits;

import java.math.BigInteger;

/**
 * The kernel's counts: unsigned 64-bit numbers in a {@code long}, whose sign bit is one more bit of
 * the number.
 *
 * <pre>{@code
 * System.out.println(Count.toString(Count.MAX)); // 18446744073709551614
 * }</pre>
 */
public final class Count {
    /** The highest count of an eventfd, and the highest value of a write: 2^64-2. */
    public static final long MAX = -2L;

    /**
     * A count of 2^64-1. The kernel reaches it on behalf of AIO and io_uring, which add 1 to a full
     * eventfd. A read can take it, but no write can add that much at once.
     */
    public static final long OVERFLOW = -1L;

    /** The highest initial count: the argument of eventfd(2) is 32-bit. */
    public static final long MAX_INITIAL = 0xFFFF_FFFFL;

    private static final BigInteger MAX_UNSIGNED =
            BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

    private Count() {}

    /** The number that {@code count} stands for. */
    public static BigInteger toBigInteger(long count) {
        return count >= 0 ? BigInteger.valueOf(count) : MAX_UNSIGNED.and(BigInteger.valueOf(count));
    }

    /** The decimal digits of {@code count}; never a minus sign. */
    public static String toString(long count) {
        return Long.toUnsignedString(count);
    }

    /**
     * Parses a value to write, 1 to 2^64-2.
     *
     * @throws InvalidRequestException {@code invalid-value} if {@code digits} are no such value
     */
    public static long parseValue(String digits) {
        BigInteger value;
        try {
            value = Digits.parse(digits);
        } catch (NumberFormatException e) {
            throw new InvalidRequestException(
                    ProblemType.INVALID_VALUE, "value: " + e.getMessage());
        }
        if (value.signum() == 0 || value.compareTo(toBigInteger(MAX)) > 0) {
            throw new InvalidRequestException(
                    ProblemType.INVALID_VALUE, "value: " + value + " is not 1 to " + toString(MAX));
        }
        return value.longValue();
    }
}
