package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.EventFd;

/**
 * A kernel object that a client holds under a name, and brings back to the daemon under the same
 * name.
 *
 * @param spec the spec that it was created with; its initial count has no meaning
 * @param eventFd a descriptor of the object, which is known to be an eventfd
 */
public record Offer(EventfdName name, EventfdSpec spec, EventFd eventFd) {}
