package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The parts of another process's leases that wait for an eventfd to be restored, by its name.
 * Belongs to the loop's thread.
 */
final class OpenParts {
    /**
     * A part and its lease.
     *
     * @param taken true if the lease took from the eventfd, false if it gives to it
     */
    private record OpenPart(Part part, Lease lease, boolean taken) {}

    private final Map<EventfdName, List<OpenPart>> byName = new HashMap<>();

    /** Adds the parts of {@code lease}; those of eventfds that are {@code gone} do not wait. */
    void add(Lease lease, Set<EventfdName> gone) {
        lease.take().forEach(part -> add(new OpenPart(part, lease, true), gone));
        lease.give().forEach(part -> add(new OpenPart(part, lease, false), gone));
    }

    private void add(OpenPart open, Set<EventfdName> gone) {
        var name = open.part.name();
        if (gone.contains(name)) {
            open.part.settleAsGone();
        } else {
            byName.computeIfAbsent(name, _ -> new ArrayList<>()).add(open);
        }
    }

    /** Gives {@code eventfd} to the parts that wait for its name. Returns their leases. */
    List<Lease> entered(NamedEventfd eventfd) {
        var waited = remove(eventfd.name());
        for (var open : waited) {
            open.part.settle(eventfd);
            if (open.taken) {
                eventfd.lent(open.part.value());
            }
        }
        return leases(waited);
    }

    /** Has the parts wait no longer for {@code name}, which is gone. Returns their leases. */
    List<Lease> lost(EventfdName name) {
        var waited = remove(name);
        waited.forEach(open -> open.part.settleAsGone());
        return leases(waited);
    }

    private List<OpenPart> remove(EventfdName name) {
        var waited = byName.remove(name);
        return waited == null ? List.of() : waited;
    }

    private static List<Lease> leases(List<OpenPart> parts) {
        return parts.stream().map(OpenPart::lease).toList();
    }
}
