package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The eventfds by their names. All threads may read; only the loop's thread changes them. Lists
 * need the names in order, but to find one of many in order takes a dozen comparisons, so there is
 * also a hash map.
 */
final class Names {
    private final Map<String, NamedEventfd> byName = new ConcurrentHashMap<>();
    private final ConcurrentNavigableMap<String, NamedEventfd> inOrder =
            new ConcurrentSkipListMap<>();

    @Nullable NamedEventfd get(EventfdName name) {
        return byName.get(name.value());
    }

    void add(NamedEventfd eventfd) {
        var name = eventfd.name().value();
        inOrder.put(name, eventfd);
        byName.put(name, eventfd);
    }

    void remove(NamedEventfd eventfd) {
        var name = eventfd.name().value();
        byName.remove(name);
        inOrder.remove(name);
    }

    /** All eventfds, in ASCII order of their names. */
    Collection<NamedEventfd> all() {
        return inOrder.values();
    }

    /** The eventfds from {@code name} on, or after it, in ASCII order of their names. */
    Collection<NamedEventfd> from(String name, boolean inclusive) {
        return inOrder.tailMap(name, inclusive).values();
    }
}
