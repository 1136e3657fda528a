package io.eventfdd.bridge.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The fields of one mapping of the file, each asked for by its name; {@link #end} refuses those
 * that nobody asked for. For one thread.
 */
final class Fields {
    private final String path;
    private final Map<?, ?> map;
    private final Set<String> asked = new HashSet<>();

    private Fields(String path, Map<?, ?> map) {
        this.path = path;
        this.map = map;
    }

    /**
     * The fields of {@code value}.
     *
     * @param path the place in the file, as in {@code links[1].import}; empty for the whole file
     */
    static Fields of(String path, Object value) throws InvalidLinks {
        if (value instanceof Map<?, ?> map) {
            return new Fields(path, map);
        }
        throw new InvalidLinks(
                (path.isEmpty() ? "the file" : path) + " is not a mapping (name: value)");
    }

    /** The place of the field {@code name} in the file. */
    String place(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    boolean has(String name) {
        asked.add(name);
        return map.containsKey(name);
    }

    private Optional<Object> field(String name) {
        asked.add(name);
        return Optional.ofNullable(map.get(name));
    }

    /** A single value, if the field is there. */
    Optional<String> text(String name) throws InvalidLinks {
        var value = field(name);
        if (value.isPresent() && !(value.get() instanceof String)) {
            throw wrong(name, "is not a single value");
        }
        return value.map(String.class::cast);
    }

    /** A single value. The field is required. */
    String required(String name) throws InvalidLinks {
        return text(name).orElseThrow(() -> wrong(name, "is missing"));
    }

    /** A single value that {@code form} matches, if the field is there. */
    Optional<String> text(String name, Pattern form, String description) throws InvalidLinks {
        var text = text(name);
        if (text.isPresent() && !form.matcher(text.get()).matches()) {
            throw wrong(name, "'" + text.get() + "' is not " + description);
        }
        return text;
    }

    /** One of the words that the constants of {@code type} are in lower case. */
    <T extends Enum<T>> Optional<T> word(String name, Class<T> type) throws InvalidLinks {
        var text = text(name);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        var words = new ArrayList<String>();
        for (var constant : type.getEnumConstants()) {
            var word = constant.name().toLowerCase(Locale.ROOT);
            if (word.equals(text.get())) {
                return Optional.of(constant);
            }
            words.add(word);
        }
        throw wrong(name, "'" + text.get() + "' is not one of " + String.join(", ", words));
    }

    /** A mapping, if the field is there. */
    Optional<Fields> fields(String name) throws InvalidLinks {
        var value = field(name);
        return value.isEmpty() ? Optional.empty() : Optional.of(of(place(name), value.get()));
    }

    /** The elements of a list that is not empty. The field is required. */
    List<?> list(String name) throws InvalidLinks {
        var value = field(name).orElseThrow(() -> wrong(name, "is missing"));
        if (value instanceof List<?> list && !list.isEmpty()) {
            return list;
        }
        throw wrong(name, "is not a list with at least one element");
    }

    /** The elements of a list of single values that is not empty. The field is required. */
    List<String> texts(String name) throws InvalidLinks {
        var texts = new ArrayList<String>();
        for (var element : list(name)) {
            if (!(element instanceof String text)) {
                throw wrong(name + "[" + texts.size() + "]", "is not a single value");
            }
            texts.add(text);
        }
        return texts;
    }

    /** Refuses every field that was not asked for. */
    void end() throws InvalidLinks {
        var unknown =
                map.keySet().stream()
                        .map(String::valueOf)
                        .filter(name -> !asked.contains(name))
                        .map(this::place)
                        .toArray(String[]::new);
        if (unknown.length > 0) {
            Arrays.sort(unknown);
            throw new InvalidLinks(
                    (unknown.length == 1 ? "unknown field: " : "unknown fields: ")
                            + String.join(", ", unknown));
        }
    }

    /** The exception for a field that is {@code wrong}. */
    InvalidLinks wrong(String name, String wrong) {
        return new InvalidLinks(place(name) + " " + wrong);
    }
}
