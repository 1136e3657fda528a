package io.eventfdd.internal.linux;

/**
 * The processor that the calling thread runs on.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/sched_yield.2.html">sched_yield(2)</a>
 */
public final class Cpu {
    private Cpu() {}

    /**
     * Gives the processor to another thread, of this process or of another. {@link Thread#yield()}
     * does not do so on a virtual thread: it only lets other virtual threads run.
     */
    public static void yieldToOthers() {
        SignalCalls.FASTEST.yieldToOthers();
    }
}
