package io.eventfdd.internal.linux;

/**
 * Chooses how system calls are bound. This class is for Java 17; the jar has another one for Java
 * 22 and newer, which has java.lang.foreign.
 */
final class Binding {
    private Binding() {}

    static Libc libc() {
        return new JnaLibc();
    }

    static SignalCalls fastest() {
        return new LibcCalls();
    }
}
