/**
 * What stands around Helidon, which parses and writes HTTP: the listeners and their sockets, the
 * connections with their time limits and their ends, and the errors that Helidon finds before there
 * is a request.
 *
 * <p>It knows nothing of eventfds or of the calls on them: those get here as one handler. This is
 * the only package that uses {@code sun.nio.ch}, for the descriptor number of a channel.
 *
 * <p>A connection has one virtual thread, and everything of its requests runs there.
 */
@NullMarked
package io.eventfdd.server.http.transport;

import org.jspecify.annotations.NullMarked;
