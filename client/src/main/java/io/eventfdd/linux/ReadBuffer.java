package io.eventfdd.linux;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;

/**
 * Room for one count and the {@code struct iovec { void *base; size_t len; }} that points to it.
 * One thread at a time uses it.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/readv.2.html">preadv2(2)</a>
 */
public final class ReadBuffer {
    private static final long IOV_LEN = 8;
    private static final long COUNT = 16;

    private final Memory memory = new Memory(24);
    private final long iovec = Pointer.nativeValue(memory);

    /** A buffer of its own. */
    public ReadBuffer() {
        memory.setLong(0, iovec + COUNT);
        memory.setLong(IOV_LEN, Long.BYTES);
    }

    long iovec() {
        return iovec;
    }

    long value() {
        return memory.getLong(COUNT);
    }
}
