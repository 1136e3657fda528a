package io.eventfdd.internal.wire;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** A JSON array. {@link #toString} is its text. For one thread at a time. */
public final class JsonArray {
    private final List<Object> elements = new ArrayList<>();

    /** An array without elements. */
    JsonArray() {}

    /** Appends a string. */
    public JsonArray add(String value) {
        return append(value);
    }

    /** Appends a number. */
    public JsonArray add(long value) {
        return append(value);
    }

    /** Appends {@code value}. */
    public JsonArray add(JsonObject value) {
        return append(value);
    }

    /** Appends a new object, which it returns. */
    public JsonObject addObject() {
        var value = new JsonObject();
        append(value);
        return value;
    }

    /** Appends {@code value}, which is of a type that {@link Json#parse} returns. */
    JsonArray append(Object value) {
        elements.add(value);
        return this;
    }

    /** The elements, each of a type that {@link Json#parse} returns. */
    public List<Object> elements() {
        return elements;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof JsonArray array && elements.equals(array.elements);
    }

    @Override
    public int hashCode() {
        return elements.hashCode();
    }

    @Override
    public String toString() {
        return Json.text(this);
    }
}
