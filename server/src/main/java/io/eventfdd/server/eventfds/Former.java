package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.EventFd;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.LongStream;

/**
 * The kernel objects that a name has led to since it was made, and that others than the daemon
 * could hold, in their order. Immutable.
 *
 * <p>If nobody brings an object back in time, its name begins anew with the count that is known.
 * That is an <i>advance</i>: its holders have the same count still, and it has to be taken off when
 * one of them comes after all.
 *
 * @param advances the advance of each object, unsigned, mostly 0; by the object's {@linkplain
 *     EventFd#id id}
 */
public record Former(Map<Long, Long> advances) {
    /** None. */
    public static final Former NONE = new Former(Map.of());

    /** Copies the map, in its order. */
    public Former {
        advances = Collections.unmodifiableMap(new LinkedHashMap<>(advances));
    }

    /** Whether there is none. */
    public boolean isEmpty() {
        return advances.isEmpty();
    }

    /** Whether {@code object} is one of them. */
    public boolean contains(long object) {
        return advances.containsKey(object);
    }

    /** What {@code object}'s name was given of its count; unsigned. */
    public long advance(long object) {
        return advances.getOrDefault(object, 0L);
    }

    /** The same, and {@code object} is the last of them. */
    public Former and(long object) {
        var all = new LinkedHashMap<>(advances);
        all.remove(object);
        all.put(object, 0L);
        return new Former(all);
    }

    /** The same with another advance of {@code object}, if that is one of them. */
    public Former withAdvance(long object, long advance) {
        var all = new LinkedHashMap<>(advances);
        all.replace(object, advance);
        return new Former(all);
    }

    /** The last of them, if there are any. */
    public OptionalLong last() {
        return ids().reduce((before, after) -> after);
    }

    /** The one after {@code object}, if there is one. */
    OptionalLong after(long object) {
        return ids().dropWhile(id -> id != object).skip(1).findFirst();
    }

    private LongStream ids() {
        return advances.keySet().stream().mapToLong(Long::longValue);
    }
}
