package io.eventfdd.internal.leases;

/** A handle whose client can take leases over the transport of the handle. */
public interface Leasing {
    /** The leases of the client over this transport. */
    HeldLeases leases();
}
