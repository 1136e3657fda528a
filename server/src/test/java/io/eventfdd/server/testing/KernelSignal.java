package io.eventfdd.server.testing;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;

import java.io.IOException;
import java.nio.file.Files;

/**
 * Has the kernel itself add 1 to an eventfd, as it does for a holder whose asynchronous I/O is
 * complete. Unlike a write, that can take a full count to 2^64-1.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/io_submit.2.html">io_submit(2),
 *     IOCB_FLAG_RESFD</a>
 */
public final class KernelSignal {
    private static final boolean X86 = System.getProperty("os.arch").equals("amd64");
    private static final long IO_SETUP = X86 ? 206 : 0;
    private static final long IO_DESTROY = X86 ? 207 : 1;
    private static final long IO_SUBMIT = X86 ? 209 : 2;
    private static final int READ_ONLY = 0;
    private static final int IOCB_FLAG_RESFD = 1;
    private static final int IOCB_SIZE = 64;

    private static final NativeLibrary LIBC = NativeLibrary.getProcess();
    private static final Function SYSCALL = LIBC.getFunction("syscall");

    private KernelSignal() {}

    /** Adds 1 to the eventfd with descriptor {@code eventfd} of this process. */
    public static void add(int eventfd) throws IOException {
        var file = Files.createTempFile("aio", "");
        var context = new PointerByReference();
        int input = LIBC.getFunction("open").invokeInt(new Object[] {file.toString(), READ_ONLY});
        try (var buffer = new Memory(Long.BYTES);
                var iocb = iocb(input, buffer, eventfd);
                var list = new Memory(Long.BYTES)) {
            require(0, IO_SETUP, 1L, context.getPointer());
            list.setPointer(0, iocb);
            require(1, IO_SUBMIT, context.getValue(), 1L, list);
        } finally {
            // Waits for what is under way.
            SYSCALL.invokeLong(new Object[] {IO_DESTROY, context.getValue()});
            LIBC.getFunction("close").invokeInt(new Object[] {input});
            Files.delete(file);
        }
    }

    /** A read of nothing, of which the kernel tells the eventfd. */
    private static Memory iocb(int input, Pointer buffer, int eventfd) {
        var iocb = new Memory(IOCB_SIZE);
        iocb.clear();
        iocb.setInt(20, input);
        iocb.setPointer(24, buffer);
        iocb.setLong(32, Long.BYTES);
        iocb.setInt(56, IOCB_FLAG_RESFD);
        iocb.setInt(60, eventfd);
        return iocb;
    }

    private static void require(long result, Object... call) throws IOException {
        long actual = SYSCALL.invokeLong(call);
        if (actual != result) {
            throw new IOException("system call " + call[0] + " returned " + actual);
        }
    }
}
