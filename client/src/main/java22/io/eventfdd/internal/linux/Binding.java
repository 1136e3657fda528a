package io.eventfdd.internal.linux;

/**
 * How system calls are bound: by java.lang.foreign, unless something is said against it. Then JNA
 * is not needed, and nothing holds the class loader of an application that was undeployed.
 *
 * <p>A process to which a fast start is worth more says {@code -Deventfdd.foreign=false}: the first
 * use of java.lang.foreign takes a tenth of a second.
 */
final class Binding {
    private Binding() {}

    static Libc libc() {
        return isForeign() ? ForeignLibc.bound() : new JnaLibc();
    }

    static SignalCalls fastest() {
        if (isForeign()) {
            return new ForeignCalls();
        }
        return isAllowed() ? new LateForeignCalls() : new LibcCalls();
    }

    private static boolean isForeign() {
        return !"false".equals(System.getProperty("eventfdd.foreign")) && isAllowed();
    }

    /** Not being allowed is no reason to warn: JNA does the same, somewhat slower. */
    private static boolean isAllowed() {
        return Binding.class.getModule().isNativeAccessEnabled();
    }
}
