package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Room for one count, for the {@code struct iovec { void *base; size_t len; }} that points to it,
 * and for the errno of a read that found none. One thread at a time uses it.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/readv.2.html">preadv2(2)</a>
 */
public final class ReadBuffer {
    static final int RWF_NOWAIT = 8;
    static final int COUNT = 16;
    static final int ERRNO = 24;
    private static final int IOV_LEN = 8;
    private static final int SIZE = 32;

    private final ByteBuffer memory =
            ByteBuffer.allocateDirect(SIZE).order(ByteOrder.nativeOrder());
    private final long iovec = LIBC.address(memory);

    /** Creates a buffer. */
    public ReadBuffer() {
        memory.putLong(0, iovec + COUNT);
        memory.putLong(IOV_LEN, Long.BYTES);
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
        memory.putInt(ERRNO, errno);
    }
}
