package io.eventfdd.internal.linux;

import com.sun.jna.Native;

import java.nio.charset.StandardCharsets;

/**
 * What proc(5) tells of a descriptor. To read that takes a descriptor more, for a moment: one is
 * kept in reserve, so that the count of what is there can be told in a process that has no other.
 */
final class FdInfo {
    private static final int O_CLOEXEC = 02000000;

    /** Others may be faster at the one that is given up, and give it back at once. */
    private static final int TRIES = 100;

    private static final FdInfo RESERVE = new FdInfo();

    private int reserve = -1;

    private FdInfo() {}

    /** From now on there is one. */
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
                Libc.close(info);
            }
        }
        var failure = ErrnoException.ofLast("open(" + path + ")");
        if (failure.outOfDescriptors()) {
            return RESERVE.read(path);
        }
        throw failure;
    }

    /** With the descriptor in reserve, whose place the one that is read takes. */
    private synchronized String read(String path) throws ErrnoException {
        for (int i = 0; i < TRIES; i++) {
            if (reserve >= 0) {
                Libc.close(reserve);
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
        return Libc.open((path + "\0").getBytes(StandardCharsets.US_ASCII), O_CLOEXEC, 0);
    }

    private static String read(int info, String path) throws ErrnoException {
        var text = new byte[256];
        long size = Libc.read(info, text, text.length);
        if (size < 0) {
            throw ErrnoException.of("read(" + path + ")", Native.getLastError());
        }
        return new String(text, 0, (int) size, StandardCharsets.US_ASCII);
    }
}
