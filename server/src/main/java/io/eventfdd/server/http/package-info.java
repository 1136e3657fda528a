/**
 * HTTP over {@code api.sock}: the listener, the connections, the table of endpoints, and every
 * error as a problem.
 *
 * <p>Helidon parses and writes HTTP; this package stands around it at three places, all of them
 * public API: the listening channel ({@link io.eventfdd.server.http.UnixListeners}), each
 * connection's bytes and end ({@code WatchedConnection}), and one handler for all requests ({@code
 * Dispatcher}). What goes wrong is answered at these places and nowhere else:
 *
 * <ul>
 *   <li>before a request is whole: {@code TransportProblems}, Helidon's direct handlers, and the
 *       connection ends;
 *   <li>within a handler: {@code Dispatcher}; {@link io.eventfdd.protocol.ProblemException} is its
 *       problem, anything else is {@code internal} and logged there, once;
 *   <li>{@link io.helidon.webserver.CloseConnectionException} passes through all of them and ends
 *       the connection.
 * </ul>
 *
 * <p>A connection has one virtual thread, and everything of its requests runs there.
 */
@NullMarked
package io.eventfdd.server.http;

import org.jspecify.annotations.NullMarked;
