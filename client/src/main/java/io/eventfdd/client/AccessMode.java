package io.eventfdd.client;

import io.eventfdd.internal.wire.Shown;

/**
 * The permission bits of an eventfd, as chmod(1) writes them: three octal digits for owner, group
 * and other.
 *
 * <p>{@code r} is state, wait, watch and read; {@code w} is write; the raw fd needs both. The
 * execute bits mean nothing.
 *
 * <pre>{@code
 * EventfdSpec spec = EventfdSpec.counter().withMode("0600");
 * System.out.println(spec.mode()); // 0600
 * }</pre>
 *
 * @param bits 0 to 0777
 */
public record AccessMode(int bits) {
    /** Owner and group read and write: 0660. */
    public static final AccessMode DEFAULT = new AccessMode(0660);

    /**
     * Checks the range.
     *
     * @throws InvalidRequestException {@code invalid-value} if it is out of range
     */
    public AccessMode {
        if (bits < 0 || bits > 0777) {
            throw new InvalidRequestException(
                    ProblemType.INVALID_VALUE,
                    "mode: " + Integer.toOctalString(bits) + " is not 0 to 0777");
        }
    }

    /**
     * Parses three octal digits, which a 0 may precede.
     *
     * @throws InvalidRequestException {@code invalid-value} if {@code text} is anything else
     */
    public static AccessMode parse(String text) {
        if (!text.matches("0?[0-7]{3}")) {
            throw new InvalidRequestException(
                    ProblemType.INVALID_VALUE,
                    "mode: '" + Shown.of(text) + "' is not three octal digits, as in 0660");
        }
        return new AccessMode(Integer.parseInt(text, 8));
    }

    /** Four octal digits, as in {@code 0660}. */
    @Override
    public String toString() {
        return String.format("%04o", bits);
    }
}
