package io.eventfdd.server.runtime;

import io.eventfdd.internal.linux.Fd;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;

/**
 * The place at which a server listens.
 *
 * @param path the name of its socket
 * @param mode the permission bits that the socket gets
 * @param gid the group that the socket gets
 * @param inherited a socket that listens there already, or null if one has to be created
 * @param isOurs whether this process removes the name at the end
 */
public record ListenerPlace(Path path, int mode, int gid, @Nullable Fd inherited, boolean isOurs) {}
