package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.nio.charset.StandardCharsets;

/**
 * Reads what proc(5) tells of a descriptor. Reading takes another descriptor for a moment, so one
 * is kept in reserve; thus counts can be read even if the process has no other descriptor left.
 */
final class FdInfo {

    /** Another thread may take the descriptor that is given up, and give it back soon. */
    private static final int TRIES = 100;

    private static final FdInfo RESERVE = new FdInfo();

    private int reserve = -1;

    private FdInfo() {}

    /** Opens the descriptor in reserve. */
    static void keepReserve() {
        RESERVE.keep();
    }

    private synchronized void keep() {
        if (reserve < 0) {
            reserve = open("/dev/null");
        }
    }

    /** The text of {@code /proc/self/fdinfo}. */
    static String of(Fd fd) throws ErrnoException {
        var path = "/proc/self/fdinfo/" + fd.number();
        int info = open(path);
        if (info >= 0) {
            try {
                return read(info, path);
            } finally {
                LIBC.close(info);
            }
        }
        var failure = ErrnoException.ofLast("open(" + path + ")");
        if (failure.outOfDescriptors()) {
            return RESERVE.read(path);
        }
        throw failure;
    }

    /** Reads in place of the descriptor in reserve. */
    private synchronized String read(String path) throws ErrnoException {
        for (int i = 0; i < TRIES; i++) {
            if (reserve >= 0) {
                LIBC.close(reserve);
            }
            reserve = open(path);
            if (reserve >= 0) {
                return read(reserve, path);
            }
            Thread.onSpinWait();
        }
        throw ErrnoException.ofLast("open(" + path + ")");
    }

    private static int open(String path) {
        return LIBC.open((path + "\0").getBytes(StandardCharsets.US_ASCII), Libc.O_CLOEXEC, 0);
    }

    private static String read(int info, String path) throws ErrnoException {
        var text = new byte[256];
        long size = LIBC.read(info, text, text.length);
        if (size < 0) {
            throw ErrnoException.of("read(" + path + ")", LIBC.errno());
        }
        return new String(text, 0, (int) size, StandardCharsets.US_ASCII);
    }
}
