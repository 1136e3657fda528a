package io.eventfdd.internal.linux;

/**
 * How the calls of a signal are bound. This class is of Java 17; the jar has another for Java 22,
 * which knows a faster way.
 */
final class Binding {
    private Binding() {}

    static SignalCalls fastest() {
        return new JnaCalls();
    }
}
