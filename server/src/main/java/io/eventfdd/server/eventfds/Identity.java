package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;

import java.time.Instant;

/**
 * What an eventfd is but for its kernel object: what has to be known to go on with it in another
 * process.
 *
 * @param created when it was made first, whatever processes have had it since
 */
public record Identity(EventfdName name, EventfdSpec spec, Owner owner, Instant created) {}
