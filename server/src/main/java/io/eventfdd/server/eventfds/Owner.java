package io.eventfdd.server.eventfds;

/**
 * The owner of an eventfd.
 *
 * @param uid the user that created it
 * @param gid the group of the runtime directory, as in a directory with the set-group-id bit
 */
public record Owner(int uid, int gid) {}
