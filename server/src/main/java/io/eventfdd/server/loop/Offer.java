package io.eventfdd.server.loop;

import io.eventfdd.linux.EventFd;
import io.eventfdd.protocol.EventfdName;
import io.eventfdd.protocol.EventfdSpec;

/**
 * A kernel object that a client holds under a name, and gives to the daemon to have it back under
 * it.
 *
 * @param spec what it was made as; the initial count is of no meaning
 * @param eventFd a descriptor of it, which is an eventfd's
 */
public record Offer(EventfdName name, EventfdSpec spec, EventFd eventFd) {}
