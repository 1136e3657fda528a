package io.eventfdd.client;

import io.eventfdd.internal.wire.Shown;

/**
 * The name of an eventfd: 1 to 128 of {@code A-Z a-z 0-9 . _ -}, beginning with a letter or digit.
 * Names order as ASCII.
 *
 * <pre>{@code
 * for (Signal signal : client.awaitAny(List.of(orders), Duration.ZERO)) {
 *     EventfdName name = signal.name();
 *     System.out.println(name.value());
 * }
 * }</pre>
 *
 * @param value the name itself
 */
public record EventfdName(String value) implements Comparable<EventfdName> {
    /** The most characters that a name has. */
    public static final int MAX_LENGTH = 128;

    /**
     * Checks the name.
     *
     * @throws InvalidRequestException {@code invalid-name} if it is not a name
     */
    public EventfdName {
        if (!isName(value)) {
            throw new InvalidRequestException(
                    ProblemType.INVALID_NAME,
                    "'"
                            + Shown.of(value)
                            + "' is not a name: 1 to 128 of A-Z a-z 0-9 . _ -, beginning with a"
                            + " letter or digit");
        }
    }

    /** Whether {@code text} can be a name. */
    public static boolean isName(String text) {
        if (text.isEmpty() || text.length() > MAX_LENGTH || !isAlphanumeric(text.charAt(0))) {
            return false;
        }
        for (int i = 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!isAlphanumeric(c) && c != '.' && c != '_' && c != '-') {
                return false;
            }
        }
        return true;
    }

    private static boolean isAlphanumeric(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }

    @Override
    public int compareTo(EventfdName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
