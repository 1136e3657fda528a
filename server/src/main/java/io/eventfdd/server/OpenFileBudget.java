package io.eventfdd.server;

import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.fdsocket.FdServer;
import io.eventfdd.server.handover.Table;
import io.eventfdd.server.handover.Takeover;
import io.eventfdd.server.http.ApiServer;
import io.eventfdd.server.http.ObservabilityServer;

import java.io.IOException;
import java.lang.System.Logger.Level;

/**
 * Keeps the settings within what RLIMIT_NOFILE lets the process have: accept(2) must never meet
 * EMFILE, so a process that may open fewer files has lower limits. Each part of the daemon says how
 * many descriptors it needs besides its limits; the rest is shared out among the limits.
 */
final class OpenFileBudget {
    private static final System.Logger LOGGER = System.getLogger(OpenFileBudget.class.getName());

    /**
     * What the JDK and this process open for a moment only: proc(5) for counts and metrics, the
     * settings' file, sources of randomness.
     */
    private static final int SPARE = 16;

    /** How many epoll sets the JDK has for virtual threads; by default as many as CPUs. */
    private static final String POLLERS = "jdk.readPollers";

    /** Up to here, an epoll set for each CPU is too much. */
    private static final int FEW_FILES = 1024;

    /** With fewer files than so many times a part's most, the part makes do with less. */
    private static final int SHARE = 64;

    /** Processes that can hold leases however many files others want, if there are many files. */
    private static final int MOST_HOLDERS = 64;

    private static final int LEAST_HOLDERS = 4;

    /** A packet's descriptors are here only until they are adopted or closed. */
    private static final int DONATION_SHARE = 8;

    private static final int LEAST_DONATION = 32;
    private static final int LEAST_TOLD = 4;

    /** Up to here, eventfds get four fifths of what there is, and beyond it half. */
    private static final int FEW = 800;

    /** Connections that there should be before eventfds get their share. */
    private static final int LEAST_CONNECTIONS = 32;

    private static final int LEAST_FD_CONNECTIONS = 8;

    /** For eventfds and connections together: with fewer files than this for them, no start. */
    private static final int LEAST_FREE = 16;

    private final long limit;
    private final long inUse;

    /**
     * A budget of {@code limit} files.
     *
     * @param inUse descriptors that the process has before its parts have any
     */
    OpenFileBudget(long limit, long inUse) {
        this.limit = limit;
        this.inUse = inUse;
    }

    /**
     * Has the process open as many files as it may.
     *
     * @param inherited descriptors that it has already and that count within the limits
     */
    static OpenFileBudget raised(int inherited) throws IOException {
        long limit = OpenFiles.raiseLimit();
        OpenFiles.keepReserve();
        if (limit <= FEW_FILES && System.getProperty(POLLERS) == null) {
            System.setProperty(POLLERS, "1");
        }
        try {
            ApiServer.warmUp();
        } catch (IOException e) {
            throw new IOException(tooFew(limit, "it cannot start: " + e.getMessage()), e);
        }
        return new OpenFileBudget(limit, OpenFiles.inUse() - inherited);
    }

    private static String tooFew(long limit, String why) {
        return "this process may open only "
                + limit
                + " files, which is too few ("
                + why
                + "): raise RLIMIT_NOFILE (ulimit -n, or LimitNOFILE= of systemd)";
    }

    /** Connections to {@code api.sock} that are there only to be told that there are too many. */
    int toldOnApi() {
        return told(ApiServer.MOST_TOLD);
    }

    /** Connections to {@code fd.sock} that are there only to be told that there are too many. */
    int toldOnFd() {
        return told(FdServer.MOST_TOLD);
    }

    private int told(int most) {
        return Math.clamp(limit / SHARE, LEAST_TOLD, most);
    }

    /**
     * Processes that can hold leases at a time, with a descriptor for each: a share of the files,
     * and all that nobody else wants.
     */
    int leaseHolders(Settings settings) {
        long share = shareOfHolders(settings);
        long most = Math.max(share, free(settings) + share - files(settings));
        return (int) Math.min(most, settings.number(Setting.MAX_LEASES));
    }

    private long shareOfHolders(Settings settings) {
        long share = Math.clamp(limit / SHARE, LEAST_HOLDERS, MOST_HOLDERS);
        return Math.min(share, settings.number(Setting.MAX_LEASES));
    }

    /** The number of files that are left for the limits of {@code settings}. */
    private long free(Settings settings) {
        return limit
                - inUse
                - SPARE
                - ApiServer.descriptors(toldOnApi())
                - FdServer.descriptors(toldOnFd(), settings.number(Setting.MAX_DONATION))
                - shareOfHolders(settings)
                - Table.DESCRIPTORS
                - Takeover.DESCRIPTORS
                - Upkeep.DESCRIPTORS
                - (settings.number(Setting.OBSERVABILITY_PORT) == 0
                        ? 0
                        : ObservabilityServer.DESCRIPTORS);
    }

    /**
     * As much of {@code asked} as there are files for, shared out; makes room for all of it.
     *
     * @throws IOException if there are too few for a daemon that anybody could use
     */
    Settings atStart(Settings asked) throws IOException {
        var wanted = withinLimit(asked);
        long free = free(wanted);
        long files = files(wanted);
        long least = Math.min(LEAST_FREE, files);
        if (free < least) {
            throw new IOException(tooFew(limit, "it needs " + (limit + least - free)));
        }
        if (files <= free) {
            OpenFiles.growTable((int) (limit - free + files));
            return wanted;
        }
        OpenFiles.growTable((int) limit);
        long eventfds = wanted.number(Setting.MAX_EVENTFDS);
        long onFd = wanted.number(Setting.MAX_FD_CONNECTIONS);
        long onApi = files - eventfds - onFd;
        long forEventfds = ofEventfds(free, shareOfHolders(wanted));
        long forConnections = free - forEventfds;
        eventfds = Math.min(eventfds, free - Math.min(forConnections, onApi + onFd));
        long rest = free - eventfds;
        onFd = Math.min(onFd, Math.max(ofFdConnections(rest), rest - onApi));
        return said(
                wanted.lowered(Setting.MAX_EVENTFDS, eventfds)
                        .lowered(Setting.MAX_FD_CONNECTIONS, onFd)
                        .lowered(Setting.MAX_CONNECTIONS, rest - onFd));
    }

    /**
     * The part of eventfds in what is free. It is not less for the processes that hold leases:
     * those are clients, and their files come out of the part of the connections.
     */
    private static long ofEventfds(long free, long holders) {
        long all = free + holders;
        long share = Math.min(all, FEW) * 4 / 5 + Math.max(0, all - FEW) / 2;
        long leavingSome = free - LEAST_CONNECTIONS - LEAST_FD_CONNECTIONS;
        return Math.max(Math.min(share, leavingSome), free / 2);
    }

    private static long ofFdConnections(long connections) {
        return Math.max(connections / 5, 1);
    }

    /**
     * As much of {@code asked} as there are files for beside {@code max-connections}, which cannot
     * change any more.
     */
    Settings atReload(Settings asked) {
        var wanted = withinLimit(asked);
        long free = Math.max(free(wanted) - wanted.number(Setting.MAX_CONNECTIONS), 2);
        if (files(wanted) - wanted.number(Setting.MAX_CONNECTIONS) <= free) {
            return wanted;
        }
        var lowered = wanted.lowered(Setting.MAX_FD_CONNECTIONS, free / 2);
        return said(
                lowered.lowered(
                        Setting.MAX_EVENTFDS, free - lowered.number(Setting.MAX_FD_CONNECTIONS)));
    }

    private Settings withinLimit(Settings asked) {
        return asked.lowered(Setting.MAX_FDS_IN_FLIGHT, limit)
                .lowered(Setting.MAX_DONATION, Math.max(limit / DONATION_SHARE, LEAST_DONATION));
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
                        + " max-fd-connections {3}, max-donation {4}",
                limit,
                lowered.number(Setting.MAX_EVENTFDS),
                lowered.number(Setting.MAX_CONNECTIONS),
                lowered.number(Setting.MAX_FD_CONNECTIONS),
                lowered.number(Setting.MAX_DONATION));
        return lowered;
    }
}
