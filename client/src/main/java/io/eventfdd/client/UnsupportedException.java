package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The kernel lacks what the call needs (ENOSYS): Linux before 6.5 cannot tell which process holds a
 * lease.
 *
 * <pre>{@code
 * try (EventfdLease lease = client.lease(LeaseSpec.nothing().giving("orders", 1).heldByProcess())) {
 *     System.out.println(lease.isHeld()); // true
 * } catch (UnsupportedException e) {
 *     System.out.println("use a lease for a time: " + e.getMessage());
 * }
 * }</pre>
 */
public final class UnsupportedException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public UnsupportedException(
            String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
