/**
 * The leases that one client holds: how they are taken, renewed and ended, whatever the transport.
 */
@NullMarked
package io.eventfdd.internal.leases;

import org.jspecify.annotations.NullMarked;
