/**
 * The named eventfds: their names and rights, who waits on them and in which order, how a waiter is
 * served, and what brings them through a restart.
 *
 * <p>All of it belongs to the thread of {@link io.eventfdd.server.loop.EventLoop}, and nothing has
 * a lock. There is one short-cut: a call that need not wait may go from its own thread straight to
 * the kernel's object, which makes each of them atomic. {@link
 * io.eventfdd.server.eventfds.NamedEventfd} says when.
 *
 * <p>A waiter leaves in exactly one of these ways: it is served, its time is up, its client went,
 * its eventfd was deleted, the daemon stops, or (a bug) the loop failed.
 */
@NullMarked
package io.eventfdd.server.eventfds;

import org.jspecify.annotations.NullMarked;
