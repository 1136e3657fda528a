/** Streams, ledgers and feeds. Only this package knows jnats. */
@NullMarked
package io.eventfdd.bridge.nats;

import org.jspecify.annotations.NullMarked;
