package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.linux.Fd;

import java.util.concurrent.CompletableFuture;

/** What happened to an eventfd that a holder brought back. */
public sealed interface Donation {
    /** The name under which the holder brought it. */
    EventfdName name();

    /** The name waited for this eventfd, and leads to it again. */
    record Adopted(EventfdName name) implements Donation {}

    /** The name already leads to this eventfd. */
    record Same(EventfdName name) implements Donation {}

    /**
     * The name leads to another eventfd by now.
     *
     * @param fd the descriptor of the other eventfd; the daemon owns it, and it is open until the
     *     loop goes on to something else
     * @param settled completes when the next process would know that the holder has the descriptor,
     *     and the holder may move what it has left
     */
    record Replaced(EventfdName name, Fd fd, CompletableFuture<?> settled) implements Donation {}
}
