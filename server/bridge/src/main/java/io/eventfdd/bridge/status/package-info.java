/** What the bridge tells about its links: to the log, to metrics and to health checks. */
@NullMarked
package io.eventfdd.bridge.status;

import org.jspecify.annotations.NullMarked;
