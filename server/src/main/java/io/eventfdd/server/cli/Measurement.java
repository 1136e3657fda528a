package io.eventfdd.server.cli;

import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonObject;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How long something took, again and again for half a second.
 *
 * @param microseconds in ascending order, at least one
 */
record Measurement(String what, List<Double> microseconds) {
    private static final long WARM_UP = TimeUnit.MILLISECONDS.toNanos(150);
    private static final long TIME = TimeUnit.MILLISECONDS.toNanos(350);

    /** An operation whose time is measured. */
    interface Operation {
        void run() throws Exception;
    }

    /** An operation that measures its own time. */
    interface Timed {
        /** In nanoseconds. */
        long run() throws Exception;
    }

    /** Measures {@code batch} calls at a time, and says what one took. */
    static Measurement of(String what, int batch, Operation operation) throws Exception {
        return measure(
                what,
                batch,
                () -> {
                    long begin = System.nanoTime();
                    for (int i = 0; i < batch; i++) {
                        operation.run();
                    }
                    return System.nanoTime() - begin;
                });
    }

    /** Takes the times that {@code operation} tells. */
    static Measurement ofTimes(String what, Timed operation) throws Exception {
        return measure(what, 1, operation);
    }

    private static Measurement measure(String what, int batch, Timed operation) throws Exception {
        long warm = System.nanoTime() + WARM_UP;
        while (System.nanoTime() - warm < 0) {
            var _ = operation.run();
        }
        var times = new ArrayList<Double>();
        long end = System.nanoTime() + TIME;
        do {
            times.add(operation.run() / 1e3 / batch);
        } while (System.nanoTime() - end < 0);
        times.sort(null);
        return new Measurement(what, List.copyOf(times));
    }

    double median() {
        return microseconds.get(microseconds.size() / 2);
    }

    double min() {
        return microseconds.getFirst();
    }

    double max() {
        return microseconds.getLast();
    }

    List<String> row() {
        return List.of(what, text(median()), text(min()), text(max()));
    }

    private static String text(double value) {
        return String.format(Locale.ROOT, "%.2f us", value);
    }

    JsonObject json() {
        return Json.object()
                .put("what", what)
                .put("median", median())
                .put("min", min())
                .put("max", max());
    }
}
