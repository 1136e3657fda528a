package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

/**
 * The time for which connect(2) and sendmsg(2) on a socket may wait: {@code struct timeval { long
 * sec; long usec; }}.
 */
final class SendTimeout {
    private static final int SO_SNDTIMEO = 21;
    private static final long NANOS_A_MICRO = 1_000;
    private static final long MICROS_A_SECOND = 1_000_000;

    private SendTimeout() {}

    /** Sets the time, which is at least a microsecond, because 0 would mean without end. */
    static void set(Fd socket, long nanos) throws ErrnoException {
        long micros = Math.max(1, nanos / NANOS_A_MICRO);
        var time = new int[4];
        time[0] = (int) Math.min(micros / MICROS_A_SECOND, Integer.MAX_VALUE);
        time[2] = (int) (micros % MICROS_A_SECOND);
        if (LIBC.setsockopt(
                        socket.number(),
                        Libc.SOL_SOCKET,
                        SO_SNDTIMEO,
                        time,
                        time.length * Integer.BYTES)
                < 0) {
            throw ErrnoException.ofLast("setsockopt(" + socket + ", SO_SNDTIMEO)");
        }
    }
}
