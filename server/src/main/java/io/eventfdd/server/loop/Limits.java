package io.eventfdd.server.loop;

/**
 * How much of it there may be.
 *
 * @param eventfds named eventfds in all
 * @param waiters calls that wait, a wait on many counted once for each of its names
 */
public record Limits(int eventfds, int waiters) {}
