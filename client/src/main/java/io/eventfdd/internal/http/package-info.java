/**
 * Eventfds by way of the daemon: calls over {@code api.sock}, their connections, and when a call is
 * sent again.
 */
@NullMarked
package io.eventfdd.internal.http;

import org.jspecify.annotations.NullMarked;
