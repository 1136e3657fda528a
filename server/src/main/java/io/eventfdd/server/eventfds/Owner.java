package io.eventfdd.server.eventfds;

/**
 * Whose an eventfd is.
 *
 * @param uid the user that made it
 * @param gid the group of the runtime directory, as in a directory with the set-group-id bit
 */
public record Owner(int uid, int gid) {}
