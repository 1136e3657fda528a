package io.eventfdd.internal.wire;

import java.math.BigInteger;

/** Parses decimal digits from a peer. */
public final class Digits {
    private static final int MOST = 40;

    private Digits() {}

    /**
     * The number that {@code digits} spell; it may have more than 64 bits.
     *
     * @throws NumberFormatException if they are not digits, or too many
     */
    public static BigInteger parse(String digits) {
        if (digits.isEmpty()
                || digits.length() > MOST
                || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new NumberFormatException("not a decimal number: '" + Shown.of(digits) + "'");
        }
        return new BigInteger(digits);
    }
}
