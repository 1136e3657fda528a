package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.wire.ProblemException;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The names that wait, for a time of grace after the start, for a holder to bring their eventfds
 * back. Calls on such a name wait as well. All threads may read; only the loop's thread changes it.
 */
final class Vacancies {
    private record Entry(Vacancy vacancy, CompletableFuture<Void> filled) {}

    private final Map<String, Entry> entries = new ConcurrentHashMap<>();

    void add(Vacancy vacancy) {
        entries.put(
                vacancy.identity().name().value(), new Entry(vacancy, new CompletableFuture<>()));
    }

    /** Whether all names are settled, which is the case except for a moment after the start. */
    boolean isEmpty() {
        return entries.isEmpty();
    }

    /** The vacancy of {@code name}, if there is one. */
    @Nullable Vacancy of(EventfdName name) {
        var entry = entries.get(name.value());
        return entry == null ? null : entry.vacancy;
    }

    /** A future that is completed when the vacancy of {@code name} ends, if there is one. */
    Optional<CompletableFuture<Void>> filled(EventfdName name) {
        return Optional.ofNullable(entries.get(name.value())).map(Entry::filled);
    }

    /** Ends the vacancy of a name that has an eventfd again. */
    void end(EventfdName name) {
        var entry = entries.remove(name.value());
        if (entry != null) {
            // Actions that depend on the future only submit work here.
            entry.filled.complete(null);
        }
    }

    List<Vacancy> all() {
        var all = new ArrayList<Vacancy>(entries.size());
        entries.values().forEach(entry -> all.add(entry.vacancy));
        return all;
    }

    /** Ends all vacancies: calls that wait for one get {@code problem}. */
    void close(ProblemException problem) {
        entries.values().forEach(entry -> entry.filled.completeExceptionally(problem));
    }
}
