package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;

import java.time.Instant;

/**
 * Everything about an eventfd except its kernel object: what another process must know to go on
 * with it.
 *
 * @param created when it was first created, whichever processes have owned it since
 */
public record Identity(EventfdName name, EventfdSpec spec, Owner owner, Instant created) {}
