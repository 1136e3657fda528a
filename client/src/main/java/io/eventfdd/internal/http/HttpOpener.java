package io.eventfdd.internal.http;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdState;
import io.eventfdd.client.EventfddException;
import io.eventfdd.internal.leases.HeldLeases;
import io.eventfdd.internal.wire.OpenRequest;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

/** Opens the handles of one client that go over HTTP. Safe for all threads. */
public final class HttpOpener {
    private final HttpDaemon http;
    private final Executor executor;
    private final HeldLeases leases;
    private final Set<Eventfd> handles;

    /**
     * Creates an opener.
     *
     * @param leases the leases of the client over HTTP
     * @param handles the open handles of the client; a handle leaves this collection when it is
     *     closed
     */
    public HttpOpener(HttpDaemon http, Executor executor, HeldLeases leases, Set<Eventfd> handles) {
        this.http = http;
        this.executor = executor;
        this.leases = leases;
        this.handles = handles;
    }

    /** Opens a handle for each eventfd that {@code request} names, or none if one cannot be had. */
    public List<Eventfd> open(OpenRequest request) {
        List<EventfdName> created = new ArrayList<>();
        List<Eventfd> eventfds = new ArrayList<>(request.entries().size());
        try {
            for (var entry : request.entries()) {
                eventfds.add(open(entry, created));
            }
        } catch (EventfddException e) {
            eventfds.forEach(Eventfd::close);
            undo(created, e);
            throw e;
        }
        return eventfds;
    }

    private Eventfd open(OpenRequest.Entry entry, List<EventfdName> created) {
        var name = entry.name();
        var wanted = entry.create();
        EventfdState state;
        if (wanted == null) {
            state = http.state(name);
        } else {
            var creation = http.create(name, wanted, entry.exclusive());
            state = creation.state();
            if (creation.created()) {
                created.add(name);
            }
        }
        return new HttpEventfd(
                name, state.spec().semaphore(), http, executor, leases, handles::remove);
    }

    /** All or nothing, as far as single calls can be. */
    private void undo(List<EventfdName> created, EventfddException cause) {
        for (var name : created) {
            try {
                http.delete(name);
            } catch (EventfddException e) {
                cause.addSuppressed(e);
            }
        }
    }
}
