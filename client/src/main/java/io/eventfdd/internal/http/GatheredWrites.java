package io.eventfdd.internal.http;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.Deadline;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The writes of a client that do not wait for room. With many threads, those of all threads and
 * handles leave together, as {@link Gathering} says: two writes of 1 are one write of 2. If there
 * is no room for a sum, each of its writes is made alone, so that each caller has the answer to its
 * own. Safe for all threads.
 */
final class GatheredWrites {
    /** Keeps a body within the 64 KiB that the daemon takes, whatever the names are. */
    static final int MOST_NAMES = 256;

    private record Write(EventfdName name, long value) {}

    private final Function<Map<EventfdName, Long>, HttpAnswer> call;
    private final Gathering<Write, HttpAnswer> gathering =
            new Gathering<>(write -> callOf(Map.of(write.name(), write.value())), Sums::new);

    /**
     * Gathers nothing yet.
     *
     * @param call writes to each name its value, to all of them or to none
     */
    GatheredWrites(Function<Map<EventfdName, Long>, HttpAnswer> call) {
        this.call = call;
    }

    /**
     * Writes {@code value} to {@code name}. An interrupt is kept for later.
     *
     * @return the answer to a call with this write, and perhaps with others if it was carried out
     */
    HttpAnswer write(EventfdName name, long value) {
        return gathering.call(new Write(name, value));
    }

    /**
     * Writes {@code value} to {@code name}, unless its thread must no longer wait for other writes;
     * see {@link Gathering#call(Object, Deadline, CallHandle, Gathering.Alone)}.
     *
     * @return empty if nothing was written
     */
    Optional<HttpAnswer> write(
            EventfdName name,
            long value,
            Deadline deadline,
            CallHandle handle,
            Gathering.Alone<HttpAnswer> own)
            throws InterruptedException {
        return gathering.call(new Write(name, value), deadline, handle, own);
    }

    private HttpAnswer callOf(Map<EventfdName, Long> values) {
        return call.apply(values);
    }

    /** Writes of which one call writes the sums. */
    private final class Sums implements Gathering.Batch<Write, HttpAnswer> {
        private final List<Write> writes = new ArrayList<>();
        private final Map<EventfdName, Long> sums = new LinkedHashMap<>();

        @Override
        public boolean add(Write write) {
            long sum = sums.getOrDefault(write.name(), 0L);
            if (Long.compareUnsigned(write.value(), Count.MAX - sum) > 0
                    || (sum == 0 && sums.size() == MOST_NAMES)) {
                return false;
            }
            writes.add(write);
            sums.put(write.name(), sum + write.value());
            return true;
        }

        @Override
        public List<Optional<HttpAnswer>> call() {
            var answer = callOf(sums);
            if (!answer.isProblem() || writes.size() == 1) {
                return Collections.nCopies(writes.size(), Optional.of(answer));
            }
            var full = answer.full();
            if (full.isEmpty()) {
                return Collections.nCopies(writes.size(), Optional.empty());
            }
            sums.keySet().removeAll(full);
            var others = sums.isEmpty() ? answer : callOf(sums);
            return writes.stream()
                    .map(write ->
                            Optional.of(others)
                                    .filter(any ->
                                            !any.isProblem() && sums.containsKey(write.name())))
                    .toList();
        }
    }
}
