/**
 * Eventfds over HTTP: the calls on {@code api.sock}, their connections, and the rules for sending a
 * call again.
 */
@NullMarked
package io.eventfdd.internal.http;

import org.jspecify.annotations.NullMarked;
