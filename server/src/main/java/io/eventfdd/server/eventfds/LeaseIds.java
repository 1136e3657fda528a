package io.eventfdd.server.eventfds;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;

/** The source of the IDs of leases, which nobody can guess. All threads may use it. */
final class LeaseIds {
    private static final int ID_BYTES = 16;

    /** A request for random bytes costs much the same for one ID and for all of these. */
    private static final int IDS_AT_ONCE = 32;

    private static final Base64.Encoder TEXT = Base64.getUrlEncoder().withoutPadding();

    private final SecureRandom random = new SecureRandom();
    private final byte[] bytes = new byte[IDS_AT_ONCE * ID_BYTES];

    /** The place of the next unused bytes. */
    private int next = bytes.length;

    /** An ID that was not used before: 128 random bits. */
    synchronized String next() {
        if (next == bytes.length) {
            random.nextBytes(bytes);
            next = 0;
        }
        var own = Arrays.copyOfRange(bytes, next, next + ID_BYTES);
        next += ID_BYTES;
        return TEXT.encodeToString(own);
    }
}
