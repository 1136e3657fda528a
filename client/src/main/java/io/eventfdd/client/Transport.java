package io.eventfdd.client;

/**
 * How the calls on an eventfd reach it.
 *
 * <pre>{@code
 * if (orders.transport() == Transport.RAW) {
 *     System.out.println("the kernel object itself");
 * }
 * }</pre>
 */
public enum Transport {
    /**
     * {@link #RAW} if the daemon and this JVM can, {@link #HTTP} otherwise. If this JVM has no
     * native code, because JNA is missing or cannot be loaded, the log says so once, with the
     * reason.
     */
    AUTO,
    /**
     * The kernel's object itself, which is received once over {@code fd.sock}. From then on, calls
     * do not involve the daemon. Needs native code (JNA), and the rights to read and to write.
     */
    RAW,
    /** Every call goes through the daemon, over {@code api.sock}. Needs no native code. */
    HTTP
}
