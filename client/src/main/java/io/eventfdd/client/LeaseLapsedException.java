package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The lease has lapsed, or somebody else has ended it: its permits may be another's by now.
 *
 * <pre>{@code
 * EventfdLease lease = client.lease(LeaseSpec.nothing().giving("orders", 1));
 * try {
 *     lease.commit();
 * } catch (LeaseLapsedException e) {
 *     System.out.println("done in vain: " + e.getMessage());
 * }
 * }</pre>
 */
public final class LeaseLapsedException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public LeaseLapsedException(
            String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
