package io.eventfdd.server.loop;

import io.eventfdd.linux.Fd;
import io.eventfdd.protocol.OpenReply;

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

    /**
     * All of them, ready to leave the process.
     *
     * @param made those that were made for it
     */
    Opened(List<NamedEventfd> all, List<NamedEventfd> made) {
        var fresh = new HashSet<>(made);
        this.fds = all.stream().map(eventfd -> eventfd.eventFd().fd()).toList();
        this.reply =
                new OpenReply(
                        all.stream()
                                .map(eventfd -> entry(eventfd, fresh.contains(eventfd)))
                                .toList());
        this.made = made;
    }

    private static OpenReply.Entry entry(NamedEventfd eventfd, boolean isNew) {
        var spec = eventfd.spec();
        return new OpenReply.Entry(eventfd.name(), spec.semaphore(), spec.nonblocking(), isNew);
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
