package io.eventfdd.internal.reactor;

import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.spi.AbstractInterruptibleChannel;

/**
 * Is told of {@link Thread#interrupt()} while its thread is in a native call, which an interrupt
 * does not end by itself. It is a channel without I/O, because that is how the JDK lets other code
 * hook into an interrupt. It works once.
 */
final class InterruptHook extends AbstractInterruptibleChannel {
    private final Runnable onInterrupt;

    /**
     * Creates a hook. {@code onInterrupt} runs on the thread that interrupts, or on this thread if
     * it is interrupted already.
     */
    InterruptHook(Runnable onInterrupt) {
        this.onInterrupt = onInterrupt;
    }

    void enter() {
        begin();
    }

    /**
     * Must be called after {@link #enter()}, whatever happened.
     *
     * @throws ClosedByInterruptException if the thread was interrupted; its status is still set
     */
    void exit() throws ClosedByInterruptException {
        try {
            end(true);
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (AsynchronousCloseException e) {
            throw new AssertionError("nobody else closes it", e);
        }
    }

    @Override
    protected void implCloseChannel() {
        onInterrupt.run();
    }
}
