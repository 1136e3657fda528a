package io.eventfdd.internal.wire;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A JSON object: its fields in the order in which they were put. {@link #toString} is its text. For
 * one thread at a time.
 */
public final class JsonObject {
    /** Up to so many fields are found sooner one by one than by their hashes. */
    private static final int FEW = 8;

    private final List<String> names = new ArrayList<>(4);
    private final List<Object> values = new ArrayList<>(4);

    /** The places of all fields; null as long as they are few. */
    private @Nullable Map<String, Integer> places;

    /** An object without fields. */
    JsonObject() {}

    /** Sets {@code field} to a string. */
    public JsonObject put(String field, String value) {
        return set(field, value);
    }

    /** Sets {@code field} to a number. */
    public JsonObject put(String field, long value) {
        return set(field, value);
    }

    /**
     * Sets {@code field} to a number. A value that JSON cannot express as a number becomes null.
     */
    public JsonObject put(String field, double value) {
        return set(field, value);
    }

    /** Sets {@code field} to {@code true} or {@code false}. */
    public JsonObject put(String field, boolean value) {
        return set(field, value);
    }

    /** Sets {@code field} to {@code value}. */
    public JsonObject put(String field, JsonObject value) {
        return set(field, value);
    }

    /** Sets {@code field} to a new object, which it returns. */
    public JsonObject putObject(String field) {
        var value = new JsonObject();
        set(field, value);
        return value;
    }

    /** Sets {@code field} to a new array, which it returns. */
    public JsonArray putArray(String field) {
        var value = new JsonArray();
        set(field, value);
        return value;
    }

    /** Sets {@code field} to {@code value}, which is of a type that {@link Json#parse} returns. */
    JsonObject set(String field, Object value) {
        int place = place(field);
        if (place >= 0) {
            values.set(place, value);
            return this;
        }
        names.add(field);
        values.add(value);
        if (places != null) {
            places.put(field, places.size());
        } else if (names.size() > FEW) {
            places = new HashMap<>();
            for (var name : names) {
                places.put(name, places.size());
            }
        }
        return this;
    }

    private int place(String field) {
        return places == null ? names.indexOf(field) : places.getOrDefault(field, -1);
    }

    /** The value of {@code field}, of a type that {@link Json#parse} returns; null if absent. */
    public @Nullable Object get(String field) {
        int place = place(field);
        return place < 0 ? null : values.get(place);
    }

    /** The names of the fields, in their order. */
    public List<String> names() {
        return Collections.unmodifiableList(names);
    }

    /** The values of the fields, in the order of {@link #names}. */
    List<Object> values() {
        return values;
    }

    /** Whether {@code other} is an object with the same fields, in whatever order. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof JsonObject object && fields().equals(object.fields());
    }

    @Override
    public int hashCode() {
        return fields().hashCode();
    }

    private Map<String, Object> fields() {
        var fields = new HashMap<String, Object>();
        for (int i = 0; i < names.size(); i++) {
            fields.put(names.get(i), values.get(i));
        }
        return fields;
    }

    @Override
    public String toString() {
        return Json.text(this);
    }
}
