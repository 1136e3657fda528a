package io.eventfdd.internal.wire;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * The amount that a lease takes from one eventfd, or gives to it.
 *
 * @param value 1 or more, unsigned
 */
public record LeaseShare(EventfdName name, long value) {
    /** The greatest number of names that a lease takes from, and that it gives to. */
    public static final int MAX_NAMES = 64;

    /** Reads the array {@code field}, which may be absent; an absent value is 1. */
    static List<LeaseShare> listFrom(JsonFields fields, String field, long most) {
        if (!fields.has(field)) {
            return List.of();
        }
        var elements = fields.array(field);
        if (elements.size() > MAX_NAMES) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    field + ": " + elements.size() + " names are more than " + MAX_NAMES);
        }
        var shares = new ArrayList<LeaseShare>(elements.size());
        var seen = new HashSet<EventfdName>();
        for (var element : elements) {
            var one = JsonFields.ofElement(field, shares.size(), element);
            var name = one.name("name");
            long value = one.count("value", 1, most, 1);
            one.end();
            if (!seen.add(name)) {
                throw new ProblemException(
                        ProblemType.INVALID_REQUEST, field + ": duplicate name: " + name);
            }
            shares.add(new LeaseShare(name, value));
        }
        return List.copyOf(shares);
    }

    /** Writes {@code shares} as {@link #listFrom} reads them. */
    static void write(List<LeaseShare> shares, JsonArray array) {
        for (var share : shares) {
            Json.putCount(
                    array.addObject().put("name", share.name().value()), "value", share.value());
        }
    }
}
