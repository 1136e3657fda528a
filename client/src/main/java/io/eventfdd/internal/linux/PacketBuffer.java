package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Room for one packet and its descriptors, and the structures that describe it to sendmsg(2) and
 * recvmsg(2), one after the other in one piece of memory. One thread at a time uses it; many
 * sockets may share it.
 *
 * <pre>{@code
 * struct msghdr { void *name; socklen_t namelen;  // 0, 8
 *                 struct iovec *iov; size_t iovlen;  // 16, 24
 *                 void *control; size_t controllen;  // 32, 40
 *                 int flags; };  // 48, 56 bytes in all
 * struct iovec { void *base; size_t len; };
 * int errno;  // aligned to 8
 * struct cmsghdr { size_t len; int level; int type; };  // 16 bytes, then the data, aligned to 8
 * }</pre>
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/cmsg.3.html">cmsg(3)</a>
 */
public final class PacketBuffer {
    /** The most descriptors that one message carries: SCM_MAX_FD. */
    public static final int MAX_FDS = 253;

    private static final int SCM_RIGHTS = 1;

    /** The size of SCM_CREDENTIALS: a header, and {@code struct ucred { int pid, uid, gid; }}. */
    private static final int CREDENTIALS = 32;

    private static final int IOV = 16;
    private static final int IOV_LENGTH = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int FLAGS = 48;
    private static final int IOVEC = 56;
    private static final int IOVEC_LENGTH = IOVEC + 8;
    static final int ERRNO = IOVEC + 16;
    private static final int CMSG = ERRNO + 8;
    private static final int CMSG_HEADER = 16;
    private static final int CMSG_LEVEL = 8;
    private static final int CMSG_TYPE = 12;

    private final int maxBytes;
    private final int controlBytes;
    private final int data;

    private final ByteBuffer room;
    private final long address;

    /**
     * Creates room for a packet of {@code maxBytes} and for {@code maxFds} descriptors. Anything
     * beyond that is cut off.
     */
    public PacketBuffer(int maxBytes, int maxFds) {
        if (maxBytes < 0 || maxFds < 0 || maxFds > MAX_FDS) {
            throw new IllegalArgumentException(maxBytes + " bytes, " + maxFds + " descriptors");
        }
        this.maxBytes = maxBytes;
        this.controlBytes = maxFds == 0 ? 0 : CMSG_HEADER + maxFds * Integer.BYTES;
        this.data = CMSG + CREDENTIALS + aligned(controlBytes);
        this.room = ByteBuffer.allocateDirect(data + maxBytes).order(ByteOrder.nativeOrder());
        this.address = LIBC.address(room);
        room.putLong(IOV, address + IOVEC);
        room.putLong(IOV_LENGTH, 1);
        room.putLong(IOVEC, address + data);
    }

    private static int aligned(int size) {
        return (size + 7) & ~7;
    }

    /** The address of the {@code struct msghdr}. */
    long message() {
        return address;
    }

    /** The address of the bytes of the packet. */
    long data() {
        return address + data;
    }

    /** The number of bytes that are sent, or that there is room for. */
    long length() {
        return room.getLong(IOVEC_LENGTH);
    }

    /** Prepares for the sending of {@code packet} with {@code fds}. */
    void put(byte[] packet, List<Fd> fds) {
        int control = CMSG_HEADER + fds.size() * Integer.BYTES;
        if (packet.length > maxBytes || (!fds.isEmpty() && control > controlBytes)) {
            throw new IllegalArgumentException(
                    packet.length + " bytes and " + fds.size() + " descriptors do not fit");
        }
        room.put(data, packet);
        room.putLong(IOVEC_LENGTH, packet.length);
        if (fds.isEmpty()) {
            control(0);
            return;
        }
        room.putLong(CMSG, control);
        room.putInt(CMSG + CMSG_LEVEL, Libc.SOL_SOCKET);
        room.putInt(CMSG + CMSG_TYPE, SCM_RIGHTS);
        int at = CMSG + CMSG_HEADER;
        for (var fd : fds) {
            room.putInt(at, fd.number());
            at += Integer.BYTES;
        }
        control(control);
    }

    /**
     * Prepares to receive as much as there is room for.
     *
     * @param credentials whether the sender's credentials come with it; they need room of their own
     */
    void makeRoom(boolean credentials) {
        room.putLong(IOVEC_LENGTH, maxBytes);
        control(controlBytes + (credentials ? CREDENTIALS : 0));
    }

    /** Prepares to look at the bytes of a packet, without room for its control messages. */
    void makeRoomForBytes() {
        room.putLong(IOVEC_LENGTH, maxBytes);
        control(0);
    }

    /** Prepares to look at a packet, with room for its credentials only. */
    void makeNoRoom(boolean credentials) {
        room.putLong(IOVEC_LENGTH, 0);
        control(credentials ? CREDENTIALS : 0);
    }

    /** Whether any control message came: without credentials, there was no packet at all. */
    boolean hasControl() {
        return room.getLong(CONTROL_LENGTH) != 0;
    }

    private void control(int length) {
        room.putLong(CONTROL, length == 0 ? 0 : address + CMSG);
        room.putLong(CONTROL_LENGTH, length);
        room.putInt(FLAGS, 0);
    }

    /** The errno that a failed call left at {@link #ERRNO}. */
    int errno() {
        return room.getInt(ERRNO);
    }

    /** The flags of the received message. */
    int flags() {
        return room.getInt(FLAGS);
    }

    byte[] bytes(int size) {
        var bytes = new byte[size];
        room.get(data, bytes);
        return bytes;
    }

    /**
     * Takes over all descriptors that were received, in their order. Control messages of other
     * kinds are skipped.
     */
    List<Fd> adoptFds() {
        int end = CMSG + (int) room.getLong(CONTROL_LENGTH);
        if (end < CMSG + CMSG_HEADER) {
            return List.of();
        }
        var fds = new ArrayList<Fd>(controlBytes / Integer.BYTES);
        for (int at = CMSG; at + CMSG_HEADER <= end; ) {
            int length = (int) room.getLong(at);
            if (length < CMSG_HEADER) {
                break;
            }
            if (room.getInt(at + CMSG_LEVEL) == Libc.SOL_SOCKET
                    && room.getInt(at + CMSG_TYPE) == SCM_RIGHTS) {
                int count = (length - CMSG_HEADER) / Integer.BYTES;
                for (int i = 0; i < count; i++) {
                    fds.add(Fd.adopt(room.getInt(at + CMSG_HEADER + i * Integer.BYTES)));
                }
            }
            at += aligned(length);
        }
        return fds;
    }
}
