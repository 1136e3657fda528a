/**
 * The runtime directory and the sockets in it: their places and owners, and the lock that keeps
 * other daemons away.
 */
@NullMarked
package io.eventfdd.server.runtime;

import org.jspecify.annotations.NullMarked;
