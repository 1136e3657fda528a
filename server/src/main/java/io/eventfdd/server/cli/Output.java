package io.eventfdd.server.cli;

import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonObject;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * Prints the result of a command: as JSON, or as a table. A table has a head and columns on a
 * terminal; into a pipe it has tabs and no head.
 */
final class Output {
    /**
     * The two ways in which a thing is printed.
     *
     * @param head the names of the columns
     * @param row the text in each column
     * @param json the thing as JSON
     */
    record Fields<T>(
            List<String> head, Function<T, List<String>> row, Function<T, JsonObject> json) {}

    private final PrintWriter out;
    private final boolean forPeople;

    Output(PrintWriter out, boolean forPeople) {
        this.out = out;
        this.forPeople = forPeople;
    }

    /** Prints a list: a table, or an object with the one array {@code name}. */
    <T> void list(Format format, String name, List<T> list, Fields<T> fields) {
        if (format.isJson()) {
            var all = Json.object();
            var array = all.putArray(name);
            list.forEach(each -> array.add(fields.json().apply(each)));
            json(all);
        } else {
            table(fields.head(), list.stream().map(fields.row()).toList());
        }
    }

    void table(List<String> head, List<List<String>> rows) {
        if (!forPeople) {
            rows.forEach(row -> out.println(String.join("\t", row)));
            return;
        }
        var all = new ArrayList<List<String>>();
        all.add(head);
        all.addAll(rows);
        var widths = new int[head.size()];
        for (var row : all) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (var row : all) {
            var line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(row.get(i)).repeat(' ', widths[i] - row.get(i).length() + 2);
            }
            out.println(line.toString().stripTrailing());
        }
    }

    /** Prints one row of a table: a line for each field, with its label. */
    void one(List<String> head, List<String> row) {
        int width = head.stream().mapToInt(String::length).max().orElse(0);
        for (int i = 0; i < row.size(); i++) {
            var field = head.get(i).toLowerCase(Locale.ROOT);
            var gap = forPeople ? " ".repeat(width - field.length() + 2) : "\t";
            out.println(field + gap + row.get(i));
        }
    }

    /** A table that follows something else; nothing at all if it has no rows. */
    void more(List<String> head, List<List<String>> rows) {
        if (rows.isEmpty()) {
            return;
        }
        if (forPeople) {
            out.println();
        }
        table(head, rows);
    }

    void json(JsonObject json) {
        out.println(text(json));
    }

    /** In ASCII, which every locale has: JSON has an escape for any other character. */
    static String text(JsonObject json) {
        var ascii = new StringBuilder();
        new String(Json.bytes(json), StandardCharsets.UTF_8)
                .chars()
                .forEach(c -> {
                    if (c < 128) {
                        ascii.append((char) c);
                    } else {
                        ascii.append("\\u%04x".formatted(c));
                    }
                });
        return ascii.toString();
    }
}
