/**
 * The calls over {@code api.sock}: the table of endpoints, one exchange for each request, and every
 * error as a problem. What carries them is {@link io.eventfdd.server.http.transport}.
 *
 * <p>What goes wrong is answered at these places and nowhere else:
 *
 * <ul>
 *   <li>before a request is whole: {@code TransportProblems}, Helidon's direct handlers, and the
 *       connection ends;
 *   <li>within a handler: {@code Dispatcher}; {@link io.eventfdd.internal.wire.ProblemException} is
 *       its problem, anything else is {@code internal} and logged there, once;
 *   <li>{@link io.helidon.webserver.CloseConnectionException} passes through all of them and ends
 *       the connection.
 * </ul>
 *
 * <p>A connection has one virtual thread, and everything of its requests runs there.
 */
@NullMarked
package io.eventfdd.server.http;

import org.jspecify.annotations.NullMarked;
