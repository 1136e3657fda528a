package io.eventfdd.internal.linux;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;

/**
 * Room for one count, for the {@code struct iovec { void *base; size_t len; }} that points to it,
 * and for the errno of a read that found none. One thread at a time uses it.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/readv.2.html">preadv2(2)</a>
 */
public final class ReadBuffer {
    static final int RWF_NOWAIT = 8;
    static final long COUNT = 16;
    static final long ERRNO = 24;
    private static final long IOV_LEN = 8;
    private static final long SIZE = 32;

    private final Memory memory = new Memory(SIZE);
    private final long iovec = Pointer.nativeValue(memory);

    /** Creates a buffer. */
    public ReadBuffer() {
        memory.setLong(0, iovec + COUNT);
        memory.setLong(IOV_LEN, Long.BYTES);
    }

    /** The address of the count, and that of the iovec. */
    long iovec() {
        return iovec;
    }

    long value() {
        return memory.getLong(COUNT);
    }

    int errno() {
        return memory.getInt(ERRNO);
    }

    void errno(int errno) {
        memory.setInt(ERRNO, errno);
    }
}
