/**
 * {@code fd.sock}: requests in packets, and the eventfds' descriptors in the replies.
 *
 * <p>All sockets here are in the loop's epoll set and are read and written by its thread, which
 * never waits for one of them. Two things are done elsewhere: a long request is understood on a
 * virtual thread (a short one takes a few microseconds, and to hand it over and back takes more),
 * and whatever closes a descriptor that a client sent is left to a thread that may block ({@link
 * io.eventfdd.server.fdsocket.Disposal} says why).
 */
@NullMarked
package io.eventfdd.server.fdsocket;

import org.jspecify.annotations.NullMarked;
