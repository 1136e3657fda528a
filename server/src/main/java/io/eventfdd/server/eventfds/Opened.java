package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.wire.OpenReply;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Eventfds whose descriptors are about to be sent to a client. Belongs to the loop's thread. */
public final class Opened {
    private final OpenReply reply;
    private final List<Fd> fds;
    private final List<NamedEventfd> all;
    private final List<NamedEventfd> made;
    private final CompletableFuture<Void> written;

    /**
     * Prepares all of them to leave the process.
     *
     * @param made the eventfds that were created for the request
     * @param written completed when another process would know of them
     */
    Opened(List<NamedEventfd> all, List<NamedEventfd> made, CompletableFuture<Void> written) {
        this.all = all;
        this.made = made;
        this.written = written;
        this.fds = new ArrayList<>(all.size());
        var entries = new ArrayList<OpenReply.Entry>(all.size());
        var fresh = made.isEmpty() ? Set.of() : new HashSet<>(made);
        for (var eventfd : all) {
            fds.add(eventfd.eventFd().fd());
            var spec = eventfd.spec();
            entries.add(
                    new OpenReply.Entry(
                            eventfd.name(),
                            spec.semaphore(),
                            spec.nonblocking(),
                            fresh.contains(eventfd)));
        }
        this.reply = new OpenReply(entries);
    }

    /** The entries of the answer. */
    public OpenReply reply() {
        return reply;
    }

    /** Their descriptors, in the same order; they stay the daemon's. */
    public List<Fd> fds() {
        return fds;
    }

    /**
     * Completed when another process would know of them if this one is killed. The client must not
     * learn of them earlier. Any thread may complete it, so actions that depend on it must be
     * short.
     */
    public CompletableFuture<Void> written() {
        return written;
    }

    /** Whether all of them still exist. */
    public boolean isStanding() {
        return all.stream().noneMatch(eventfd -> eventfd.deleted);
    }

    List<NamedEventfd> made() {
        return made;
    }
}
