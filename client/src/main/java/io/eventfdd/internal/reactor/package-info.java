/**
 * The ways in which threads wait for descriptors: the epoll thread, the sleep of one platform
 * thread, the wakers, and the write that cannot block them.
 */
@NullMarked
package io.eventfdd.internal.reactor;

import org.jspecify.annotations.NullMarked;
