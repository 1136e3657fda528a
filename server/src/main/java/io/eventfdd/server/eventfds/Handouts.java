package io.eventfdd.server.eventfds;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds and creates the eventfds whose descriptors clients ask for. It runs on the loop's thread,
 * which then sends the descriptors, so nobody can close one while it is sent.
 */
public final class Handouts {
    private final EventLoop loop;
    private final Inventory inventory;
    private final Rights rights;

    Handouts(EventLoop loop, Inventory inventory, Rights rights) {
        this.loop = loop;
        this.inventory = inventory;
        this.rights = rights;
    }

    /**
     * Finds or creates all eventfds that {@code request} names, so that their descriptors can be
     * sent. If one of them cannot be had, nothing has changed.
     *
     * @throws ProblemException {@code not-found}, {@code forbidden}, {@code exists} or {@code
     *     limit}
     */
    public Opened open(OpenRequest request, Caller caller) throws IOException {
        assert loop.inLoop();
        var entries = request.entries();
        var found = new @Nullable NamedEventfd[entries.size()];
        int missing = 0;
        for (int i = 0; i < found.length; i++) {
            found[i] = inventory.get(entries.get(i).name());
            check(entries.get(i), found[i], caller);
            missing += found[i] == null ? 1 : 0;
        }
        inventory.check(caller, missing);
        var all = new ArrayList<NamedEventfd>(found.length);
        var made = new ArrayList<NamedEventfd>(missing);
        try {
            for (int i = 0; i < found.length; i++) {
                var eventfd = found[i];
                if (eventfd == null) {
                    var entry = entries.get(i);
                    eventfd = inventory.make(entry.name(), requireNonNull(entry.create()), caller);
                    made.add(eventfd);
                }
                all.add(eventfd);
            }
        } catch (ProblemException e) {
            made.forEach(eventfd -> eventfd.eventFd().close());
            throw e;
        }
        made.forEach(inventory::enter);
        try {
            for (var eventfd : all) {
                inventory.share(eventfd);
            }
            // Also if others had them before: what was told of them may not be written yet.
            return new Opened(all, made, inventory.written());
        } catch (ErrnoException e) {
            // If the kernel refuses an eventfd, that is a problem of its client, not of the loop.
            takeBack(made);
            throw new ProblemException(
                    ProblemType.INTERNAL, "cannot hand it out: " + e.getMessage());
        }
    }

    /** Checks that {@code entry} can be had: the rights first, then the existence. */
    private void check(OpenRequest.Entry entry, @Nullable NamedEventfd standing, Caller caller) {
        var wanted = entry.create();
        if (standing == null) {
            if (wanted == null) {
                throw Inventory.notFound(entry.name());
            }
            return;
        }
        rights.require(Right.READ_WRITE, standing.identity(), caller);
        if (entry.exclusive()) {
            throw new ProblemException(ProblemType.EXISTS, entry.name() + " exists already");
        }
        if (wanted != null && !standing.spec().sameAs(wanted)) {
            throw new ProblemException(
                    ProblemType.EXISTS,
                    Creation.another(entry.name().toString(), standing.spec(), wanted));
        }
    }

    /**
     * Deletes what was created for a request whose descriptors could not be sent, so that the
     * request has either its whole effect or none. Other threads may have found such an eventfd
     * meanwhile; for them, it was deleted.
     */
    public void takeBack(Opened opened) throws IOException {
        assert loop.inLoop();
        takeBack(opened.made());
    }

    private void takeBack(List<NamedEventfd> made) throws IOException {
        for (var eventfd : made) {
            if (!eventfd.deleted) {
                inventory.remove(eventfd);
            }
        }
    }
}
