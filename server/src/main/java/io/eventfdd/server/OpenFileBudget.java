package io.eventfdd.server;

import io.eventfdd.linux.OpenFiles;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;

import java.io.IOException;
import java.lang.System.Logger.Level;

/**
 * Keeps the settings within what RLIMIT_NOFILE lets the process have: accept(2) must never meet
 * EMFILE, so where there may be fewer files, there are fewer of everything.
 */
final class OpenFileBudget {
    private static final System.Logger LOGGER = System.getLogger(OpenFileBudget.class.getName());

    /**
     * Descriptors that are neither eventfds nor connections within the limits: the JVM's with its
     * jars, the sockets and the loop's own, which are 80; connections that are there to be told
     * that there are too many, 64 on {@code api.sock} and 16 on {@code fd.sock}; those of the
     * observability port, 8; those of one packet that brings eventfds, 253; and some to spare.
     */
    private static final int RESERVE = 448;

    private final long limit;

    OpenFileBudget(long limit) {
        this.limit = limit;
    }

    /** Has the process open as many files as it may. */
    static OpenFileBudget raised() throws IOException {
        long limit = OpenFiles.raiseLimit();
        OpenFiles.keepReserve();
        return new OpenFileBudget(limit);
    }

    /** As much of {@code asked} as there are files for, shared out; makes room for all of it. */
    Settings atStart(Settings asked) throws IOException {
        var wanted = asked.lowered(Setting.MAX_FDS_IN_FLIGHT, limit);
        long free = Math.max(limit - RESERVE, 4);
        if (files(wanted) <= free) {
            OpenFiles.growTable((int) (files(wanted) + RESERVE));
            return wanted;
        }
        OpenFiles.growTable((int) limit);
        return said(
                wanted.lowered(Setting.MAX_EVENTFDS, free / 2)
                        .lowered(Setting.MAX_FD_CONNECTIONS, free / 8)
                        .lowered(Setting.MAX_CONNECTIONS, free - free / 2 - free / 8));
    }

    /**
     * As much of {@code asked} as there are files for beside {@code max-connections}, which cannot
     * change any more.
     */
    Settings atReload(Settings asked) {
        var wanted = asked.lowered(Setting.MAX_FDS_IN_FLIGHT, limit);
        long free = Math.max(limit - RESERVE - wanted.number(Setting.MAX_CONNECTIONS), 2);
        if (files(wanted) - wanted.number(Setting.MAX_CONNECTIONS) <= free) {
            return wanted;
        }
        var lowered = wanted.lowered(Setting.MAX_FD_CONNECTIONS, free / 2);
        return said(
                lowered.lowered(
                        Setting.MAX_EVENTFDS, free - lowered.number(Setting.MAX_FD_CONNECTIONS)));
    }

    private static long files(Settings settings) {
        return (long) settings.number(Setting.MAX_EVENTFDS)
                + settings.number(Setting.MAX_CONNECTIONS)
                + settings.number(Setting.MAX_FD_CONNECTIONS);
    }

    private Settings said(Settings lowered) {
        LOGGER.log(
                Level.WARNING,
                "this process may open {0} files: max-eventfds is {1}, max-connections {2},"
                        + " max-fd-connections {3}",
                limit,
                lowered.number(Setting.MAX_EVENTFDS),
                lowered.number(Setting.MAX_CONNECTIONS),
                lowered.number(Setting.MAX_FD_CONNECTIONS));
        return lowered;
    }
}
