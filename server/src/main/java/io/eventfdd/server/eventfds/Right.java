package io.eventfdd.server.eventfds;

import io.eventfdd.client.AccessMode;
import io.eventfdd.internal.linux.PeerCredentials;

/**
 * The mode bits that a call needs. As for files, the first class that fits decides: owner, group,
 * other.
 */
public enum Right {
    /** To see the state, to wait, to watch and to read. */
    READ(04, "read"),
    /** To write. */
    WRITE(02, "write"),
    /** To get the raw descriptor, with which one can read and write. */
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

    /** The verb for what it allows, for a sentence. */
    public String verb() {
        return verb;
    }

    /** Whether {@code peer} has this right on an eventfd with this owner, group and mode. */
    public boolean isHeldBy(PeerCredentials peer, int ownerUid, int ownerGid, AccessMode mode) {
        if (peer.uid() == ROOT) {
            return true;
        }
        int shift = peer.uid() == ownerUid ? OWNER_SHIFT : peer.isIn(ownerGid) ? GROUP_SHIFT : 0;
        return ((mode.bits() >> shift) & bits) == bits;
    }

    /**
     * Whether {@code peer} may delete an eventfd of {@code ownerUid}: only the owner and root may.
     */
    public static boolean mayDelete(PeerCredentials peer, int ownerUid) {
        return peer.uid() == ROOT || peer.uid() == ownerUid;
    }
}
