package io.eventfdd.internal.linux;

import com.sun.jna.Function;
import com.sun.jna.Memory;

/**
 * Takes a system call away from the calling thread, as a container's runtime does; for the rest of
 * the thread's life.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/seccomp.2.html">seccomp(2)</a>
 */
final class Seccomp {
    private static final int PR_SET_SECCOMP = 22;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int SECCOMP_MODE_FILTER = 2;

    private static final int LOAD_NUMBER = 0x20;
    private static final int JUMP_IF_EQUAL = 0x15;
    private static final int RETURN = 0x06;
    private static final int EPERM = 0x0005_0001;
    private static final int ALLOW = 0x7fff_0000;

    private static final int INSTRUCTION = 8;

    private Seccomp() {}

    /** From now on {@code call}, by its number here, fails with EPERM. */
    static void deny(long call) {
        var filter = new Memory(4 * INSTRUCTION);
        instruction(filter, 0, LOAD_NUMBER, 0, 0);
        instruction(filter, 1, JUMP_IF_EQUAL, 1, (int) call);
        instruction(filter, 2, RETURN, 0, EPERM);
        instruction(filter, 3, RETURN, 0, ALLOW);
        var program = new Memory(16);
        program.setShort(0, (short) 4);
        program.setPointer(8, filter);
        prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
        prctl(PR_SET_SECCOMP, (long) SECCOMP_MODE_FILTER, program, 0L, 0L);
    }

    /** Where {@code otherwise} is not 0, it is how many to skip if the comparison fails. */
    private static void instruction(
            Memory filter, int index, int code, int otherwise, int operand) {
        long at = (long) index * INSTRUCTION;
        filter.setShort(at, (short) code);
        filter.setByte(at + 2, (byte) 0);
        filter.setByte(at + 3, (byte) otherwise);
        filter.setInt(at + 4, operand);
    }

    private static void prctl(Object... arguments) {
        int result = Function.getFunction("c", "prctl").invokeInt(arguments);
        if (result != 0) {
            throw new AssertionError("prctl: " + result);
        }
    }
}
