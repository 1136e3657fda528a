package io.eventfdd.client;

import java.io.Closeable;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Permits that come back by themselves if their holder ends. {@link EventfdSemaphore#acquireLease}
 * takes permits of one semaphore, and {@link EventfddClient#lease} those of several, all or none.
 * Safe for all threads.
 *
 * <pre>{@code
 * EventfdSemaphore licences = client.openSemaphore("licences", 3);
 * try (EventfdLease lease = licences.acquireLease(2)) {
 *     System.out.println(lease.permits()); // 2
 * }
 * }</pre>
 *
 * <p><b>Its end.</b> {@link #close} gives the permits back. {@link #commit} keeps them, as when the
 * item that they stand for is done. If neither happens and the holder ends, the lease
 * <em>lapses</em>: the daemon gives the permits back, and writes what {@link LeaseSpec#giving}
 * says.
 *
 * <p><b>Its holder.</b> If the spec does not say otherwise, this process holds the lease, on both
 * transports: the permits come back within milliseconds if the process ends, whatever ends it, and
 * nothing has to be renewed. If the kernel cannot tell the daemon which process asks (Linux before
 * 6.5), the connection holds a lease that came over {@code fd.sock}, and a time of 30 seconds one
 * that came over HTTP.
 *
 * <p><b>A lease for a time</b> ({@link LeaseSpec#heldFor}) is renewed each third of its time, by a
 * thread of the client. If no renewal succeeds, {@link #isHeld} says so and {@link #lapsed} is
 * completed <em>before</em> the daemon can give the permits to somebody else: the client counts the
 * time on its own clock, from before the last successful request was sent, less a tenth of the time
 * and at most a second. A pause of this JVM, or of the machine, delays the future, but not {@link
 * #isHeld}.
 *
 * <p><b>A daemon that is restarted</b> goes on with the leases. The client resumes them, and until
 * the next daemon has answered, they count as held.
 */
public interface EventfdLease extends Closeable {
    /** The id of the lease, by which {@code eventfdd leases} lists it. It is a secret. */
    String id();

    /** How many permits it has taken, in all. */
    int permits();

    /** How many permits it has taken from each semaphore. */
    Map<String, Integer> permitsByName();

    /**
     * Whether the permits are certainly the owner's: the lease was neither closed nor committed,
     * and it has not lapsed as far as this client knows. Does not ask the daemon.
     */
    boolean isHeld();

    /**
     * A future that is completed if the lease lapses, and never if it is closed or committed. It is
     * the caller's own: to complete it changes nothing. The executor of the client completes it.
     * Each call makes another one, which is there as long as the lease; to ask again and again,
     * there is {@link #isHeld}.
     */
    CompletableFuture<Void> lapsed();

    /**
     * Ends the lease and keeps what was taken; nothing is given.
     *
     * @throws LeaseLapsedException if the lease has lapsed: its permits may be somebody else's
     * @throws ConnectionLostException if it is not known whether it was committed
     * @throws IllegalStateException if it was closed or committed before
     */
    void commit();

    /**
     * Releases the lease: what was taken goes back, and nothing is given. A lease that has ended is
     * left alone, so that to close it twice, or after {@link #commit}, does nothing.
     *
     * @throws DaemonUnavailableException if no daemon is there within {@link
     *     EventfddClient.Builder#outage}. It can be closed again then; it is not renewed any more
     * @throws ConnectionLostException if the daemon does not answer within {@link
     *     EventfddClient.Builder#timeout}; the same holds then
     */
    @Override
    void close();
}
