/**
 * The one thread: its queue of tasks, its timers, and the turns of its epoll set. It does not know
 * what is registered there, or why.
 *
 * <p><b>The one-thread rule.</b> Every eventfd, the epoll set, and every waiter belong to the
 * thread named {@code eventfdd-loop}. Other threads only submit to it ({@link
 * io.eventfdd.server.loop.EventLoop#submit}) and everything else asserts the thread. So nothing
 * that it owns has a lock, and nothing on that thread blocks but {@code epoll_wait}: no JSON, no
 * HTTP, no log record for an event, no stranger's callback.
 */
@NullMarked
package io.eventfdd.server.loop;

import org.jspecify.annotations.NullMarked;
