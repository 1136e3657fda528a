package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

/**
 * The signals that this process was started with blocked or ignored. A JVM changes some of both,
 * and both outlive exec(2). So the launcher looks before it starts Java, and says by two system
 * properties what it saw; without them, none is taken to be blocked or ignored.
 *
 * @param blocked a bit for each signal, the lowest for signal 1, as in proc(5)
 * @param ignored the same
 */
record InheritedSignals(long blocked, long ignored) {
    private static final int SIG_SETMASK = 2;
    private static final long SIG_IGN = 1;

    /** A {@code sigset_t}. */
    private static final int SIGNALS = 1024;

    static InheritedSignals ofThisProcess() {
        return new InheritedSignals(property("blocked"), property("ignored"));
    }

    private static long property(String which) {
        return Long.parseUnsignedLong(System.getProperty("eventfdd.signals." + which, "0"), 16);
    }

    /** Makes both what they were, for the program that the calling thread executes next. */
    void restore() {
        for (long left = ignored; left != 0; left &= left - 1) {
            LIBC.signal(Long.numberOfTrailingZeros(left) + 1, SIG_IGN);
        }
        var mask = new long[SIGNALS / Long.SIZE];
        mask[0] = blocked;
        LIBC.pthread_sigmask(SIG_SETMASK, mask, 0);
    }
}
