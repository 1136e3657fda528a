package io.eventfdd.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.eventfdd.client.EventfdState;
import io.eventfdd.protocol.Count;
import io.eventfdd.protocol.Json;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What commands print: a table with a head for people, the same fields with tabs between and no
 * head for pipes, or JSON.
 */
final class Output {
    private static final List<String> HEAD =
            List.of("NAME", "COUNT", "KIND", "MODE", "UID", "GID", "WAITERS", "CREATED");

    private final PrintWriter out;
    private final boolean forPeople;

    Output(PrintWriter out, boolean forPeople) {
        this.out = out;
        this.forPeople = forPeople;
    }

    void table(List<EventfdState> states) {
        var rows = new ArrayList<List<String>>();
        states.forEach(state -> rows.add(row(state)));
        if (!forPeople) {
            rows.forEach(row -> out.println(String.join("\t", row)));
            return;
        }
        rows.addFirst(HEAD);
        var widths = new int[HEAD.size()];
        for (var row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (var row : rows) {
            var line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(row.get(i)).repeat(' ', widths[i] - row.get(i).length() + 2);
            }
            out.println(line.toString().stripTrailing());
        }
    }

    private static List<String> row(EventfdState state) {
        return List.of(
                state.name(),
                Count.toString(state.count()),
                (state.spec().semaphore() ? "semaphore" : "counter")
                        + (state.spec().nonblocking() ? "" : ",blocking"),
                state.spec().mode().toString(),
                Long.toString(state.owner()),
                Long.toString(state.group()),
                Integer.toString(state.waiters()),
                state.created().toString());
    }

    void json(List<EventfdState> states) {
        var all = Json.object();
        var array = all.putArray("eventfds");
        states.forEach(state -> array.add(json(state)));
        print(all);
    }

    void one(EventfdState state) {
        if (!forPeople) {
            out.println(String.join("\t", row(state)));
            return;
        }
        var row = row(state);
        for (int i = 0; i < row.size(); i++) {
            out.printf("%-9s%s%n", HEAD.get(i).toLowerCase(Locale.ROOT), row.get(i));
        }
    }

    void oneAsJson(EventfdState state) {
        print(json(state));
    }

    private static ObjectNode json(EventfdState state) {
        var json = Json.object().put("name", state.name());
        Json.putCount(json, "count", state.count());
        json.put("semaphore", state.spec().semaphore());
        json.put("nonblocking", state.spec().nonblocking());
        json.put("mode", state.spec().mode().toString());
        json.putObject("owner").put("uid", state.owner()).put("gid", state.group());
        return json.put("waiters", state.waiters()).put("created", state.created().toString());
    }

    private void print(JsonNode json) {
        out.println(new String(Json.bytes(json), StandardCharsets.UTF_8));
    }
}
