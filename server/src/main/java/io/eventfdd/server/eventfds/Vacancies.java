package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemException;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The names that wait for a holder to bring their eventfds back, for a time of grace after the
 * start. Who calls one of them waits as well. Read by all threads, changed by the loop's alone.
 */
final class Vacancies {
    private record Entry(Vacancy vacancy, CompletableFuture<Void> filled) {}

    private final Map<String, Entry> entries = new ConcurrentHashMap<>();

    void add(Vacancy vacancy) {
        entries.put(
                vacancy.identity().name().value(), new Entry(vacancy, new CompletableFuture<>()));
    }

    /** Whether all names are settled, as they are but for a moment after the start. */
    boolean isEmpty() {
        return entries.isEmpty();
    }

    /** That of {@code name}. */
    @Nullable Vacancy of(EventfdName name) {
        var entry = entries.get(name.value());
        return entry == null ? null : entry.vacancy;
    }

    /** When the one of {@code name} ends, where there is one. */
    Optional<CompletableFuture<Void>> filled(EventfdName name) {
        return Optional.ofNullable(entries.get(name.value())).map(Entry::filled);
    }

    /** There is an eventfd of that name again. */
    void end(EventfdName name) {
        var entry = entries.remove(name.value());
        if (entry != null) {
            // Those who hang on it do no work here but to have some submitted.
            entry.filled.complete(null);
        }
    }

    List<Vacancy> all() {
        var all = new ArrayList<Vacancy>(entries.size());
        entries.values().forEach(entry -> all.add(entry.vacancy));
        return all;
    }

    /** Nobody comes any more: whoever waits gets {@code problem}. */
    void close(ProblemException problem) {
        entries.values().forEach(entry -> entry.filled.completeExceptionally(problem));
    }
}
