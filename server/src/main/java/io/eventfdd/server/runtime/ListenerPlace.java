package io.eventfdd.server.runtime;

import io.eventfdd.internal.linux.Fd;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The place at which a server listens.
 *
 * @param path the name of its socket
 * @param mode the permission bits that the socket gets
 * @param gid the group that the socket gets
 * @param inherited a socket that listens there already, so that none is created
 * @param isOurs whether this process removes the name at the end
 */
@SuppressWarnings("OptionalUsedAsFieldOrParameterType") // of a record, which is asked for it
public record ListenerPlace(Path path, int mode, int gid, Optional<Fd> inherited, boolean isOurs) {
    /** A new socket at {@code path}. */
    public static ListenerPlace at(Path path, int mode, int gid) {
        return new ListenerPlace(path, mode, gid, Optional.empty(), true);
    }
}
