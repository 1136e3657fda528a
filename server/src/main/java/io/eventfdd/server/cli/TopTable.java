package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.internal.linux.Terminal;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The lines that {@code top} draws: a line about the daemon, a head, as many eventfds as there is
 * room for, and the keys.
 *
 * @param about the first line
 * @param sort the order of the eventfds
 * @param holders whether there is a column of them
 */
record TopTable(String about, List<TopRow> rows, Sort sort, boolean holders) {
    /** The number of the line with the head. */
    static final int HEAD = 1;

    /** Lines that are not eventfds. */
    private static final int AROUND = 3;

    private static final int COUNT_WIDTH = 20;
    private static final int OTHER_WIDTH = 8;
    private static final int SHORTEST_NAME = 8;

    /** The orders of the table; equal rows are in the order of their names. */
    enum Sort {
        /** In the order of ASCII. */
        name,
        /** The highest count first. */
        count,
        /** The fastest change of the count first, up or down. */
        rate,
        /** The most waiters first. */
        waiters,
        /** The most leased permits first. */
        leased,
        /** The most holders first. */
        holders;

        private Comparator<TopRow> order() {
            Comparator<TopRow> order =
                    switch (this) {
                        case name -> Comparator.comparing(TopRow::name);
                        case count -> (a, b) -> Long.compareUnsigned(b.count(), a.count());
                        case rate -> (a, b) -> Double.compare(speed(b), speed(a));
                        case waiters -> (a, b) -> Integer.compare(b.waiters(), a.waiters());
                        case leased -> (a, b) -> Long.compareUnsigned(b.leased(), a.leased());
                        case holders -> (a, b) -> Integer.compare(held(b), held(a));
                    };
            return order.thenComparing(TopRow::name);
        }

        /** The order whose name begins with {@code key}. */
        static Optional<Sort> ofKey(int key) {
            for (var sort : values()) {
                if (sort.name().charAt(0) == key) {
                    return Optional.of(sort);
                }
            }
            return Optional.empty();
        }

        private static double speed(TopRow row) {
            return row.net() == null ? -1 : Math.abs(row.net());
        }

        private static int held(TopRow row) {
            return row.holders() == null ? -1 : row.holders().processes();
        }
    }

    /** The lines for a terminal of that size, none of them longer. */
    List<String> lines(Terminal.Size size) {
        var lines = new ArrayList<String>();
        lines.add(about);
        lines.add(line(size, "NAME", "COUNT", "NET/S", "WAITERS", "LEASED", "HOLDERS"));
        int room = Math.max(0, size.rows() - AROUND);
        rows.stream()
                .sorted(sort.order())
                .limit(room)
                .forEach(row ->
                        lines.add(
                                line(
                                        size,
                                        row.name(),
                                        Count.toString(row.count()),
                                        row.netText(),
                                        Integer.toString(row.waiters()),
                                        Count.toString(row.leased()),
                                        row.holdersText())));
        while (lines.size() < size.rows() - 1) {
            lines.add("");
        }
        var hidden = rows.size() > room ? "   " + (rows.size() - room) + " more" : "";
        lines.add("q quit   sorted by " + sort + ": n c r w l" + (holders ? " h" : "") + hidden);
        return lines.stream()
                .limit(size.rows())
                .map(line -> line.substring(0, Math.min(size.columns(), line.length())))
                .toList();
    }

    private String line(Terminal.Size size, String name, String... fields) {
        int width = COUNT_WIDTH + 1 + 3 * (OTHER_WIDTH + 1) + (holders ? OTHER_WIDTH + 1 : 0);
        int forName = Math.max(SHORTEST_NAME, size.columns() - width);
        var line = new StringBuilder();
        if (name.length() > forName) {
            line.append(name, 0, forName - 1).append('~');
        } else {
            line.append(name).repeat(' ', forName - name.length());
        }
        int shown = holders ? fields.length : fields.length - 1;
        for (int i = 0; i < shown; i++) {
            int column = i == 0 ? COUNT_WIDTH : OTHER_WIDTH;
            line.append(' ')
                    .repeat(' ', Math.max(0, column - fields[i].length()))
                    .append(fields[i]);
        }
        return line.toString();
    }
}
