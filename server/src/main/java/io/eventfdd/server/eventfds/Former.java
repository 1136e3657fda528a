package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.EventFd;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.LongStream;

/**
 * The kernel objects that a name has led to since it was created and that processes other than the
 * daemon could hold, in their order. Immutable.
 *
 * <p>If nobody brings an object back in time, its name begins anew with the last known count. That
 * count is an <i>advance</i>: the holders of the object still have the same count, so it has to be
 * subtracted when one of them brings the object after all.
 *
 * @param advances the advance of each object, unsigned and mostly 0, by the object's {@linkplain
 *     EventFd#id id}
 */
public record Former(Map<Long, Long> advances) {
    /** A name without former objects. */
    public static final Former NONE = new Former(Map.of());

    /** Copies the map, in its order. */
    public Former {
        advances = Collections.unmodifiableMap(new LinkedHashMap<>(advances));
    }

    /** Whether the name has no former objects. */
    public boolean isEmpty() {
        return advances.isEmpty();
    }

    /** Whether {@code object} is one of the former objects. */
    public boolean contains(long object) {
        return advances.containsKey(object);
    }

    /** The advance that the name of {@code object} was given of its count; unsigned. */
    public long advance(long object) {
        return advances.getOrDefault(object, 0L);
    }

    /** A copy with {@code object} as the last of the former objects. */
    public Former and(long object) {
        var all = new LinkedHashMap<>(advances);
        all.remove(object);
        all.put(object, 0L);
        return new Former(all);
    }

    /** A copy with another advance of {@code object}, if that is one of the former objects. */
    public Former withAdvance(long object, long advance) {
        var all = new LinkedHashMap<>(advances);
        all.replace(object, advance);
        return new Former(all);
    }

    /** The last of the former objects, if there are any. */
    public OptionalLong last() {
        return ids().reduce((before, after) -> after);
    }

    /** The former object after {@code object}, if there is one. */
    OptionalLong after(long object) {
        return ids().dropWhile(id -> id != object).skip(1).findFirst();
    }

    private LongStream ids() {
        return advances.keySet().stream().mapToLong(Long::longValue);
    }
}
