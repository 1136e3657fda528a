package io.eventfdd.server.cli;

import io.eventfdd.internal.linux.OutputReader;
import io.eventfdd.internal.linux.Terminal;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Standard output of a command. If something cannot be written, whatever writes or flushes throws
 * {@link Unwritable}, so that no command takes for printed what nobody will see. This is thrown
 * once. Whatever is written later is dropped, so a command that has handled the failure does not
 * fail when the rest is flushed. The writer keeps what was printed until it is flushed.
 */
final class StandardOutput extends OutputStream {
    /** Something could not be written to standard output. */
    static final class Unwritable extends RuntimeException {
        private static final long serialVersionUID = 1;

        private Unwritable(IOException cause) {
            super("cannot write to standard output: " + cause.getMessage(), cause);
        }

        /** Tells in addition what became of the values that could not be written. */
        Unwritable(Unwritable cause, String consequence) {
            super(cause.getMessage() + "; " + consequence, cause);
        }

        /** Whether that is because its reader has gone, as {@code head} does. */
        boolean isUnread() {
            return OutputReader.isGone();
        }
    }

    private static final Path LINK = Path.of("/proc/self/fd/1");
    private static final int S_IFMT = 0170000;
    private static final int S_IFCHR = 0020000;

    private final OutputStream file = new FileOutputStream(FileDescriptor.out);

    private boolean hasFailed;

    private StandardOutput() {}

    /** A writer to it. */
    static PrintWriter writer() {
        var stream = new BufferedOutputStream(new StandardOutput());
        return new PrintWriter(stream, false, System.out.charset());
    }

    /**
     * Whether it is a terminal, whatever standard input is. The JVM knows only whether both are.
     */
    @SuppressWarnings("SystemConsoleNull") // it is null in a runtime image without jdk.internal.le
    static boolean isTerminal() {
        var console = System.console();
        return (console != null && console.isTerminal()) || (isDevice() && Terminal.isOutput());
    }

    /** Whether it is a device at all, which costs less to find out. */
    private static boolean isDevice() {
        try {
            return ((int) Files.getAttribute(LINK, "unix:mode") & S_IFMT) == S_IFCHR;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void write(int one) {
        write(new byte[] {(byte) one}, 0, 1);
    }

    // A writer keeps an IOException for itself, but no other exception.
    @Override
    public void write(byte[] bytes, int from, int count) {
        if (hasFailed) {
            return;
        }
        try {
            file.write(bytes, from, count);
        } catch (IOException e) {
            hasFailed = true;
            throw new Unwritable(e);
        }
    }
}
