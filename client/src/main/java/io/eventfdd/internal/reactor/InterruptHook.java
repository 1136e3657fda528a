package io.eventfdd.internal.reactor;

import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.spi.AbstractInterruptibleChannel;

/**
 * Learns of {@link Thread#interrupt()} while its thread is in a native call, which by itself does
 * not end that call. It is a channel without I/O, since that is how the JDK lets others hook into
 * an interrupt; it works once.
 */
final class InterruptHook extends AbstractInterruptibleChannel {
    private final Runnable onInterrupt;

    /**
     * {@code onInterrupt} runs on the thread that interrupts, or on one that is interrupted
     * already.
     */
    InterruptHook(Runnable onInterrupt) {
        this.onInterrupt = onInterrupt;
    }

    void enter() {
        begin();
    }

    /**
     * To be called after {@link #enter()}, whatever happened.
     *
     * @throws ClosedByInterruptException if the thread was interrupted; its status is still set
     */
    void exit() throws ClosedByInterruptException {
        try {
            end(true);
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (java.nio.channels.AsynchronousCloseException e) {
            throw new AssertionError("nobody else closes it", e);
        }
    }

    @Override
    protected void implCloseChannel() {
        onInterrupt.run();
    }
}
