package io.eventfdd.server.loop;

import io.eventfdd.linux.ErrnoException;
import io.eventfdd.linux.Fd;
import io.eventfdd.protocol.OpenReply;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * Eventfds whose descriptors are about to be sent to a client. Belongs to the loop's thread, and
 * holds until that goes on to something else.
 */
public final class Opened {
    private final OpenReply reply;
    private final List<Fd> fds;
    private final List<NamedEventfd> made;

    private Opened(OpenReply reply, List<Fd> fds, List<NamedEventfd> made) {
        this.reply = reply;
        this.fds = fds;
        this.made = made;
    }

    /**
     * All of them, ready to leave the process.
     *
     * @param made those that were made for it
     * @param ledger is told of each that leaves for the first time
     */
    static Opened share(List<NamedEventfd> all, List<NamedEventfd> made, Ledger ledger)
            throws ErrnoException {
        var fds = new ArrayList<Fd>(all.size());
        var entries = new ArrayList<OpenReply.Entry>(all.size());
        var fresh = new HashSet<>(made);
        for (var eventfd : all) {
            if (eventfd.share()) {
                ledger.shared(eventfd.identity(), eventfd.eventFd());
            }
            fds.add(eventfd.eventFd().fd());
            entries.add(
                    new OpenReply.Entry(
                            eventfd.name(),
                            eventfd.spec().semaphore(),
                            eventfd.spec().nonblocking(),
                            fresh.contains(eventfd)));
        }
        return new Opened(new OpenReply(entries), fds, made);
    }

    /** What to say of them. */
    public OpenReply reply() {
        return reply;
    }

    /** Their descriptors, in the same order; they stay the daemon's. */
    public List<Fd> fds() {
        return fds;
    }

    List<NamedEventfd> made() {
        return made;
    }
}
