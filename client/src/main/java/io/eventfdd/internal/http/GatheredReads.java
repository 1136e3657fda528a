package io.eventfdd.internal.http;

import io.eventfdd.internal.wire.ReadRequest;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.LongStream;

/**
 * The reads of one semaphore that do not wait, of all handles on it. With many threads, they leave
 * together, as {@link Gathering} says, in one read of as many permits. Whoever came first gets the
 * first permit. Safe for all threads.
 */
final class GatheredReads {
    private enum Read {
        ONE
    }

    private final IntFunction<HttpAnswer> call;
    private final Gathering<Read, Long> gathering =
            new Gathering<>(one -> HttpDaemon.value(callOf(1)), Together::new);

    /**
     * Gathers nothing yet.
     *
     * @param call reads up to so many permits without waiting
     */
    GatheredReads(IntFunction<HttpAnswer> call) {
        this.call = call;
    }

    /** Takes a permit; 0 if there is none. An interrupt is kept for later. */
    long read() {
        return gathering.call(Read.ONE);
    }

    private HttpAnswer callOf(int most) {
        return call.apply(most);
    }

    /** Reads of which one call takes the permits. */
    private final class Together implements Gathering.Batch<Read, Long> {
        private int reads;

        @Override
        public boolean add(Read one) {
            if (reads == ReadRequest.MOST) {
                return false;
            }
            reads++;
            return true;
        }

        @Override
        public List<Optional<Long>> call() {
            var answer = callOf(reads);
            if (answer.isProblem()) {
                return Collections.nCopies(reads, Optional.empty());
            }
            long permits = HttpDaemon.value(answer);
            if (reads == 1) {
                // The name may have been created anew, as a counter: all of it was taken.
                return List.of(Optional.of(permits));
            }
            return LongStream.range(0, reads)
                    .mapToObj(i -> Optional.of(i < permits ? 1L : 0L))
                    .toList();
        }
    }
}
