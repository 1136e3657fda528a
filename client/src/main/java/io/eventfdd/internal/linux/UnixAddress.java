package io.eventfdd.internal.linux;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The addresses of Unix sockets: {@code struct sockaddr_un { sa_family_t family; char path[108];
 * }}, without the part of the array that a name does not fill.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
 */
final class UnixAddress {
    /** The room for a name, with the NUL at its end. */
    static final int SUN_PATH = 108;

    /** The room for any address that the kernel returns, which may lack the NUL. */
    static final int SIZE = Short.BYTES + SUN_PATH + 1;

    private UnixAddress() {}

    /**
     * The address of a socket at {@code path}.
     *
     * @param call the system call that is to get the address, for the error
     */
    static byte[] of(String call, Path path) throws ErrnoException {
        var name = path.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length >= SUN_PATH) {
            throw ErrnoException.of(call + "(" + path + ")", Errno.ENAMETOOLONG);
        }
        return ofPath(name);
    }

    /** The address of a socket at the path {@code name}, which has room. */
    static byte[] ofPath(byte[] name) {
        return of(name, 1);
    }

    /** The address of a socket in the abstract namespace, whose name begins with a NUL. */
    static byte[] ofAbstract(byte[] name) {
        return of(name, 0);
    }

    private static byte[] of(byte[] name, int nulAtEnd) {
        var address = new byte[Short.BYTES + name.length + nulAtEnd];
        address[0] = Libc.AF_UNIX;
        System.arraycopy(name, 0, address, Short.BYTES, name.length);
        return address;
    }

    /** The path in the first {@code length} bytes of {@code address}, if it has one. */
    static Optional<Path> path(byte[] address, int length) {
        int end = Short.BYTES;
        while (end < length && address[end] != 0) {
            end++;
        }
        return address[0] == Libc.AF_UNIX && end > Short.BYTES
                ? Optional.of(
                        Path.of(
                                new String(
                                        address,
                                        Short.BYTES,
                                        end - Short.BYTES,
                                        StandardCharsets.UTF_8)))
                : Optional.empty();
    }
}
