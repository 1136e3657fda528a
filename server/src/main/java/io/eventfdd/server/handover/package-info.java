/**
 * The state that outlives the process: the eventfds and their descriptors, the leases, and the
 * answers that are kept. The next process reads it from the {@linkplain
 * io.eventfdd.server.handover.Table table}, and gets the descriptors from the service manager or
 * from the daemon that it takes over from.
 */
@NullMarked
package io.eventfdd.server.handover;

import org.jspecify.annotations.NullMarked;
