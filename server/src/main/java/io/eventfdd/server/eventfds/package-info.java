/**
 * The named eventfds: their names and rights, the waiters and their order, how a waiter is served,
 * and how eventfds outlive a restart.
 *
 * <p>Everything here belongs to the thread of {@link io.eventfdd.server.loop.EventLoop}, so nothing
 * has a lock. There is one short-cut: a call that need not wait may go from its own thread straight
 * to the kernel's object, which makes each read and write atomic. {@link
 * io.eventfdd.server.eventfds.NamedEventfd} says when.
 *
 * <p>A waiter leaves in exactly one of these ways: it is served, its time is up, its client hung
 * up, its eventfd was deleted, the daemon stops, or the loop failed because of a bug.
 */
@NullMarked
package io.eventfdd.server.eventfds;

import org.jspecify.annotations.NullMarked;
