package io.eventfdd.client;

/**
 * The properties that an eventfd is created with. The initial count matters at creation only, so
 * {@link #sameAs} leaves it out.
 *
 * <pre>{@code
 * EventfdSpec permits = EventfdSpec.semaphoreOf(3).withMode("0600");
 * System.out.println(permits.semaphore()); // true
 * }</pre>
 *
 * @param initial the first count, 0 to 4294967295
 * @param semaphore EFD_SEMAPHORE: a read takes 1, and not the whole count
 * @param nonblocking EFD_NONBLOCK on the file description that raw holders share
 * @param mode who may use it
 * @see <a href="https://man7.org/linux/man-pages/man2/eventfd.2.html">eventfd(2)</a>
 */
public record EventfdSpec(long initial, boolean semaphore, boolean nonblocking, AccessMode mode) {
    /**
     * Checks the initial count.
     *
     * @throws InvalidRequestException {@code invalid-value} if it is out of range
     */
    public EventfdSpec {
        if (initial < 0 || initial > Count.MAX_INITIAL) {
            throw new InvalidRequestException(
                    ProblemType.INVALID_VALUE,
                    "initial: " + Count.toString(initial) + " is not 0 to " + Count.MAX_INITIAL);
        }
    }

    /** An eventfd whose reads take the whole count; count 0, non-blocking, 0660. */
    public static EventfdSpec counter() {
        return new EventfdSpec(0, false, true, AccessMode.DEFAULT);
    }

    /** An eventfd whose reads take 1; count 0, non-blocking, 0660. */
    public static EventfdSpec semaphoreOf(long initial) {
        return new EventfdSpec(initial, true, true, AccessMode.DEFAULT);
    }

    /** This spec with another initial count. */
    public EventfdSpec withInitial(long count) {
        return new EventfdSpec(count, semaphore, nonblocking, mode);
    }

    /** This spec with O_NONBLOCK set or not. */
    public EventfdSpec withNonblocking(boolean on) {
        return new EventfdSpec(initial, semaphore, on, mode);
    }

    /** This spec with other permission bits, such as {@code 0600}. */
    public EventfdSpec withMode(String octal) {
        return new EventfdSpec(initial, semaphore, nonblocking, AccessMode.parse(octal));
    }

    /**
     * Whether an eventfd of this spec can be opened with {@code other}: the specs differ in the
     * initial count at most.
     */
    public boolean sameAs(EventfdSpec other) {
        return semaphore == other.semaphore
                && nonblocking == other.nonblocking
                && mode.equals(other.mode);
    }
}
