package io.eventfdd.internal.wire;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A JSON object: its fields in the order in which they were put. {@link #toString} is its text. For
 * one thread at a time.
 */
public final class JsonObject {
    private final Map<String, Object> fields = new LinkedHashMap<>();

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
        fields.put(field, value);
        return this;
    }

    /** The value of {@code field}, of a type that {@link Json#parse} returns; null if absent. */
    public @Nullable Object get(String field) {
        return fields.get(field);
    }

    /** The names of the fields, in their order. */
    public Collection<String> names() {
        return fields.keySet();
    }

    /** The fields, in their order. */
    Map<String, Object> fields() {
        return fields;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof JsonObject object && fields.equals(object.fields);
    }

    @Override
    public int hashCode() {
        return fields.hashCode();
    }

    @Override
    public String toString() {
        return Json.text(this);
    }
}
