package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.EventFd;

/**
 * A kernel object that a client holds under a name, and gives to the daemon to have it back under
 * it.
 *
 * @param spec what it was made as; the initial count is of no meaning
 * @param eventFd a descriptor of it, which is an eventfd's
 */
public record Offer(EventfdName name, EventfdSpec spec, EventFd eventFd) {}
