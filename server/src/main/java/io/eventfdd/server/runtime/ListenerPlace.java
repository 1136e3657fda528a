package io.eventfdd.server.runtime;

import io.eventfdd.internal.linux.Fd;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a server listens.
 *
 * @param path the name of its socket
 * @param mode the permission bits that it is given
 * @param gid the group that it is given
 * @param inherited a socket that listens there already, in place of one that is made
 * @param isOurs whether the name is removed at the end
 */
@SuppressWarnings("OptionalUsedAsFieldOrParameterType") // of a record, which is asked for it
public record ListenerPlace(Path path, int mode, int gid, Optional<Fd> inherited, boolean isOurs) {
    /** A new socket at {@code path}. */
    public static ListenerPlace at(Path path, int mode, int gid) {
        return new ListenerPlace(path, mode, gid, Optional.empty(), true);
    }
}
