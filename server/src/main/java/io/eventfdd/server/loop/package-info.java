/**
 * The one thread and all that it owns.
 *
 * <p><b>The one-thread rule.</b> Every eventfd, the epoll set, and every waiter belong to the
 * thread named {@code eventfdd-loop}. Other threads only submit to it ({@link
 * io.eventfdd.server.loop.EventLoop#submit}) and everything else asserts the thread. So no state
 * here has a lock, and nothing on that thread blocks but {@code epoll_wait}: no JSON, no HTTP, no
 * log record for an event, no stranger's callback.
 *
 * <p>There is one short-cut around the rule: a call that need not wait may go from its own thread
 * straight to the kernel's object, which makes each of them atomic. {@link
 * io.eventfdd.server.loop.NamedEventfd} says when.
 *
 * <p>A waiter leaves in exactly one of these ways: it is served, its time is up, its client went,
 * its eventfd was deleted, the daemon stops, or (a bug) the loop failed.
 */
@NullMarked
package io.eventfdd.server.loop;

import org.jspecify.annotations.NullMarked;
