package io.eventfdd.bridge.link;

/**
 * The sequence up to which an importer has applied the messages of its stream. Safe for all
 * threads.
 */
final class Progress {
    private long sequence;

    /** Notes that all messages up to {@code applied} are applied. */
    synchronized void advanceTo(long applied) {
        sequence = applied;
        notifyAll();
    }

    /** Waits until all messages up to {@code wanted} are applied. */
    synchronized void await(long wanted) throws InterruptedException {
        while (sequence < wanted) {
            wait();
        }
    }

    /** Whether all messages up to {@code wanted} are applied. */
    synchronized boolean hasReached(long wanted) {
        return sequence >= wanted;
    }
}
