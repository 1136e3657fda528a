package io.eventfdd.server.eventfds;

import io.eventfdd.client.AccessMode;
import io.eventfdd.internal.linux.PeerCredentials;

/**
 * What a call needs of the mode bits. As for files, the first class that fits counts: owner, group,
 * other.
 */
public enum Right {
    /** State, wait, watch, read. */
    READ(04, "read"),
    /** Write. */
    WRITE(02, "write"),
    /** The raw fd, which is read-write. */
    READ_WRITE(06, "read and write");

    private static final int ROOT = 0;
    private static final int OWNER_SHIFT = 6;
    private static final int GROUP_SHIFT = 3;

    private final int bits;
    private final String verb;

    Right(int bits, String verb) {
        this.bits = bits;
        this.verb = verb;
    }

    /** What it lets one do, for a sentence. */
    public String verb() {
        return verb;
    }

    /** Whether {@code peer} has it on an eventfd of that owner, group and mode. */
    public boolean isHeldBy(PeerCredentials peer, int ownerUid, int ownerGid, AccessMode mode) {
        if (peer.uid() == ROOT) {
            return true;
        }
        int shift = peer.uid() == ownerUid ? OWNER_SHIFT : peer.isIn(ownerGid) ? GROUP_SHIFT : 0;
        return ((mode.bits() >> shift) & bits) == bits;
    }

    /** Whether {@code peer} may delete what {@code ownerUid} made: the owner or root. */
    public static boolean mayDelete(PeerCredentials peer, int ownerUid) {
        return peer.uid() == ROOT || peer.uid() == ownerUid;
    }
}
