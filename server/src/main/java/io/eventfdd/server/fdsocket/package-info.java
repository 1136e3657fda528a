/**
 * {@code fd.sock}: requests in packets, and the eventfds' descriptors in the replies.
 *
 * <p>All sockets here are in the loop's epoll set and are read and written by its thread, which
 * never waits for one of them. Two things are done elsewhere: JSON, on virtual threads, and
 * whatever closes a descriptor that a client sent ({@link io.eventfdd.server.fdsocket.Disposal}
 * says why).
 */
@NullMarked
package io.eventfdd.server.fdsocket;

import org.jspecify.annotations.NullMarked;
