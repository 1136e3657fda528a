package io.eventfdd.internal.linux;

import java.util.List;

/** The result of a receive from a packet socket. */
public sealed interface Received {
    /** There is no packet. */
    enum Nothing implements Received {
        /** There is no packet yet. */
        YET,
        /**
         * There will be no more packets: the peer has closed the connection or has sent an empty
         * packet, which the kernel does not distinguish.
         */
        ANY_MORE
    }

    /**
     * A packet, at least one byte long. Its descriptors, which are close-on-exec, belong to the
     * receiver.
     *
     * @param truncated whether the packet was longer than the room for it (MSG_TRUNC)
     * @param controlTruncated whether some descriptors are missing, because there was no room in
     *     the buffer or in the table of this process (MSG_CTRUNC)
     */
    // An array, because a list of bytes would be another copy; nobody compares packets.
    @SuppressWarnings("ArrayRecordComponent")
    record Packet(byte[] bytes, List<Fd> fds, boolean truncated, boolean controlTruncated)
            implements Received {
        /** Closes all descriptors of the packet. */
        public void closeFds() {
            fds.forEach(Fd::close);
        }
    }
}
