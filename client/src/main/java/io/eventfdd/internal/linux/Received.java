package io.eventfdd.internal.linux;

import java.util.List;

/** What a look into a packet socket's queue found. */
public sealed interface Received {
    /** There is no packet. */
    enum Nothing implements Received {
        /** None so far. */
        YET,
        /**
         * None any more: the peer has closed, or has said so with an empty packet, which the kernel
         * does not tell apart.
         */
        ANY_MORE
    }

    /**
     * A packet, at least one byte long. Its descriptors, which are close-on-exec, belong to whoever
     * received it.
     *
     * @param truncated whether the packet was longer than the room for it (MSG_TRUNC)
     * @param controlTruncated whether more descriptors were sent than have come, for want of room
     *     in the buffer or in this process's table (MSG_CTRUNC)
     */
    // An array, since a list of bytes would be a copy more; nobody compares packets.
    @SuppressWarnings("ArrayRecordComponent")
    record Packet(byte[] bytes, List<Fd> fds, boolean truncated, boolean controlTruncated)
            implements Received {
        /** Closes all that came with it. */
        public void closeFds() {
            fds.forEach(Fd::close);
        }
    }
}
