/**
 * How threads wait for descriptors: the epoll thread, the sleep of one platform thread, what wakes
 * them, and the write that cannot block them.
 */
@NullMarked
package io.eventfdd.internal.reactor;

import org.jspecify.annotations.NullMarked;
