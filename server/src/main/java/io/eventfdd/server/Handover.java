package io.eventfdd.server;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.server.fdsocket.FdServer;
import io.eventfdd.server.handover.Inheritance;
import io.eventfdd.server.handover.Table;
import io.eventfdd.server.handover.Takeover;
import io.eventfdd.server.http.ApiServer;
import io.eventfdd.server.runtime.RuntimeDirectory;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;

/**
 * The hand-over from a daemon that stops to another one that has asked for it. It owns the
 * listening sockets, on which clients can still connect, from the moment at which their servers
 * leave them. Belongs to the thread that stops the daemon.
 */
final class Handover {
    private static final System.Logger LOGGER = System.getLogger(Handover.class.getName());

    /** How long a daemon that could not begin may take to let go of the directory. */
    private static final Duration TIME_FOR_HEIR = Duration.ofSeconds(5);

    private final RuntimeDirectory directory;
    private final FdServer.Estate fds;
    private final Fd api;

    private Handover(RuntimeDirectory directory, FdServer.Estate fds, Fd api) {
        this.directory = directory;
        this.fds = fds;
        this.api = api;
    }

    /** Takes the listening sockets from their servers; empty, with a log, if that fails. */
    static Optional<Handover> begin(RuntimeDirectory directory, FdServer fds, ApiServer api) {
        try {
            return Optional.of(new Handover(directory, fds.leave(), api.leaveListener()));
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "cannot hand over: {0}", e.getMessage());
            return Optional.empty();
        }
    }

    /**
     * Gives everything to the other daemon.
     *
     * @param ownsSockets whether this process removes the names of the sockets
     * @param left the written table, and the descriptors of its eventfds
     * @return what this process goes on with if the other daemon does not serve
     */
    Optional<Inheritance> finish(boolean ownsSockets, Table.Left left) {
        var own = Optional.<Inheritance>empty();
        try {
            give(left);
            LOGGER.log(Level.INFO, "another daemon has taken over");
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "cannot hand over: {0}", e.getMessage());
            own = takeBack(ownsSockets, left);
        }
        if (own.isEmpty()) {
            api.close();
            fds.listener().close();
        }
        return own;
    }

    private void give(Table.Left left) throws IOException {
        var heir = fds.heir().orElseThrow(() -> new IOException("the other daemon has gone"));
        try (heir) {
            if (left.failure().isPresent()) {
                Takeover.refuse(heir, left.failure().get());
                throw new IOException(left.failure().get());
            }
            Takeover.to(heir, api, fds.listener(), left.fds(), directory::letGo);
        }
    }

    private Optional<Inheritance> takeBack(boolean ownsSockets, Table.Left left) {
        try {
            if (directory.takeAgain(TIME_FOR_HEIR)) {
                LOGGER.log(Level.INFO, "the hand-over failed; going on with all eventfds");
                return Optional.of(Inheritance.ofItself(api, fds.listener(), ownsSockets, left));
            }
            LOGGER.log(Level.WARNING, "the other daemon has the runtime directory");
        } catch (IOException e) {
            LOGGER.log(Level.ERROR, "cannot go on: {0}", e.getMessage());
        }
        return Optional.empty();
    }
}
