package io.eventfdd.internal.linux;

/**
 * How the calls of a signal are bound: without JNA, unless something is said against it.
 *
 * <p>A process to which a fast start is worth more says {@code -Deventfdd.foreign=false}: the first
 * use of java.lang.foreign takes a tenth of a second.
 */
final class Binding {
    private Binding() {}

    /** Not being allowed is no reason to warn: JNA does the same, somewhat slower. */
    static SignalCalls fastest() {
        boolean wanted = !"false".equals(System.getProperty("eventfdd.foreign"));
        return wanted && Binding.class.getModule().isNativeAccessEnabled()
                ? new ForeignCalls()
                : new JnaCalls();
    }
}
