package io.eventfdd.internal.linux;

/**
 * Chooses how the system calls of a signal are bound. This class is for Java 17; the jar has
 * another one for Java 22 and newer, which has a faster way.
 */
final class Binding {
    private Binding() {}

    static SignalCalls fastest() {
        return new JnaCalls();
    }
}
