package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The terminal on standard input, for a program that draws: key by key, without echo. {@link
 * #close} restores its settings; the caller may have the end of the JVM do that too.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/termios.3.html">termios(3)</a>
 */
public final class Terminal implements AutoCloseable {
    /**
     * The size of the terminal in characters.
     *
     * @param columns 1 or more
     * @param rows 1 or more
     */
    public record Size(int columns, int rows) {}

    private static final int STANDARD_INPUT = 0;
    private static final int STANDARD_OUTPUT = 1;
    private static final int TCSADRAIN = 1;
    private static final long TIOCGWINSZ = 0x5413;

    /**
     * {@code struct termios { tcflag_t c_iflag, c_oflag, c_cflag, c_lflag; cc_t c_line, c_cc[32]; …
     * }}.
     */
    private static final int SIZE = 60;

    private static final int LOCAL_FLAGS = 12;
    private static final int CHARACTERS = 17;
    private static final int VTIME = 5;
    private static final int VMIN = 6;
    private static final int ICANON = 0x2;
    private static final int ECHO = 0x8;

    private final byte[] before;

    private Terminal(byte[] before) {
        this.before = before;
    }

    /** Begins to read key by key. The result is empty if standard input is not a terminal. */
    public static Optional<Terminal> keyByKey() throws ErrnoException {
        var attributes = new byte[SIZE];
        if (LIBC.tcgetattr(STANDARD_INPUT, attributes) < 0) {
            var failure = ErrnoException.ofLast("tcgetattr");
            if (failure.is(Errno.ENOTTY) || failure.is(Errno.EINVAL)) {
                return Optional.empty();
            }
            throw failure;
        }
        var terminal = new Terminal(attributes.clone());
        var flags = ByteBuffer.wrap(attributes).order(ByteOrder.nativeOrder());
        flags.putInt(LOCAL_FLAGS, flags.getInt(LOCAL_FLAGS) & ~(ICANON | ECHO));
        attributes[CHARACTERS + VMIN] = 1;
        attributes[CHARACTERS + VTIME] = 0;
        set(attributes);
        return Optional.of(terminal);
    }

    /** Whether standard output is a terminal. */
    public static boolean isOutput() {
        return LIBC.tcgetattr(STANDARD_OUTPUT, new byte[SIZE]) == 0;
    }

    private static void set(byte[] attributes) throws ErrnoException {
        if (LIBC.tcsetattr(STANDARD_INPUT, TCSADRAIN, attributes) < 0) {
            throw ErrnoException.ofLast("tcsetattr");
        }
    }

    /** The current size; 80 columns and 24 rows if the terminal does not know it. */
    public Size size() {
        var size = new short[4];
        if (LIBC.ioctl(STANDARD_INPUT, TIOCGWINSZ, size) < 0 || size[0] == 0 || size[1] == 0) {
            return new Size(80, 24);
        }
        return new Size(Short.toUnsignedInt(size[1]), Short.toUnsignedInt(size[0]));
    }

    /** Restores the settings of the terminal. Calling it again changes nothing. */
    @Override
    public void close() throws ErrnoException {
        set(before);
    }
}
