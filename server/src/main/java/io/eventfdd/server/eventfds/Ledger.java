package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.EventFd;

import java.util.concurrent.CompletableFuture;

/**
 * Is told which eventfds and leases come and go, so that another process can go on with them. On
 * the loop's thread, in their order; nothing here may block.
 */
public interface Ledger {
    /** Nobody wants to know. */
    Ledger NONE =
            new Ledger() {
                @Override
                public void entered(Identity identity, EventFd eventFd) {}

                @Override
                public void shared(Identity identity, EventFd eventFd) {}

                @Override
                public void advanced(Identity identity, long object, long advance) {}

                @Override
                public void removed(Identity identity) {}

                @Override
                public void leased(KeptLease lease) {}

                @Override
                public void moved(KeptLease lease) {}

                @Override
                public void leaseEnded(String id) {}

                @Override
                public CompletableFuture<Void> written() {
                    return CompletableFuture.completedFuture(null);
                }
            };

    /**
     * Called when an eventfd has been given a name. Who wants to use its descriptor later has to
     * {@linkplain io.eventfdd.internal.linux.Fd#acquire acquire} it at once.
     */
    void entered(Identity identity, EventFd eventFd);

    /** Called when other processes may hold the eventfd from now on. */
    void shared(Identity identity, EventFd eventFd);

    /**
     * Called when the eventfd was given {@code advance} of the count that holders of {@code object}
     * have: the kernel's object that had the name before.
     */
    void advanced(Identity identity, long object, long advance);

    /** Called when the eventfd has lost its name. */
    void removed(Identity identity);

    /** Called when there is a new lease, on eventfds that have names now. */
    void leased(KeptLease lease);

    /** Called when the lease has another holder, or more time. */
    void moved(KeptLease lease);

    /** Called when the lease of that id has ended. */
    void leaseEnded(String id);

    /**
     * Done when another process would know all that this was told so far; on any thread. What hangs
     * onto it must be short.
     */
    CompletableFuture<Void> written();
}
