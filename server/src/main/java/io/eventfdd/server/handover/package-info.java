/**
 * What outlives the process: which eventfds there are, their descriptors, and the answers that are
 * kept. Another process learns of it by the {@linkplain io.eventfdd.server.handover.Table table},
 * and gets the descriptors from the service manager or from the daemon that it takes over.
 */
@NullMarked
package io.eventfdd.server.handover;

import org.jspecify.annotations.NullMarked;
