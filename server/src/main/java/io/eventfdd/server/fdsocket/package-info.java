/**
 * The server of {@code fd.sock}, which takes requests in packets and sends the descriptors of
 * eventfds in its replies.
 *
 * <p>All sockets here are in the loop's epoll set and are read and written by its thread, which
 * never waits for one of them. Two things are done elsewhere. A long request is parsed on a virtual
 * thread; a short one takes only a few microseconds, less than to hand it over and back. And a
 * descriptor that a client sent is closed by a thread that may block ({@link
 * io.eventfdd.server.fdsocket.Disposal} says why).
 */
@NullMarked
package io.eventfdd.server.fdsocket;

import org.jspecify.annotations.NullMarked;
