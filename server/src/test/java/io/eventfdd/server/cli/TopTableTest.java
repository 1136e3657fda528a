package io.eventfdd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Count;
import io.eventfdd.internal.linux.Terminal;
import io.eventfdd.server.cli.TopTable.Sort;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.stream.IntStream;

/** What {@code top} draws, for every size of a terminal and every count. */
class TopTableTest {
    private static final List<TopRow> ROWS =
            List.of(
                    new TopRow("a", 5, -2000.0, 1, 4, new Holders.Seen(2, false)),
                    new TopRow("b", Count.MAX, 3.5, 0, 0, null),
                    new TopRow("c", 0, null, 7, 9, new Holders.Seen(0, true)));

    private static List<String> names(Sort sort) {
        return new TopTable("about", ROWS, sort, true)
                .lines(new Terminal.Size(80, 6)).subList(2, 5).stream()
                        .map(line -> line.substring(0, 1))
                        .toList();
    }

    @Test
    void itIsSortedByEachKey() {
        assertThat(names(Sort.name)).containsExactly("a", "b", "c");
        assertThat(names(Sort.count)).containsExactly("b", "a", "c");
        assertThat(names(Sort.rate)).containsExactly("a", "b", "c");
        assertThat(names(Sort.waiters)).containsExactly("c", "a", "b");
        assertThat(names(Sort.leased)).containsExactly("c", "a", "b");
        assertThat(names(Sort.holders)).containsExactly("a", "c", "b");
        assertThat(Sort.ofKey('l')).hasValue(Sort.leased);
        assertThat(Sort.ofKey('w')).hasValue(Sort.waiters);
        assertThat(Sort.ofKey('x')).isEmpty();
        assertThat(Sort.ofKey(Screen.REDRAW)).isEmpty();
    }

    @Test
    void theLargestCountFitsAndWhatIsNotKnownIsADash() {
        var lines = new TopTable("about", ROWS, Sort.name, true).lines(new Terminal.Size(80, 24));
        assertThat(lines.get(2).split("\\s+", -1))
                .containsExactly("a", "5", "-2.0k", "1", "4", "2+");
        assertThat(lines.get(3).split("\\s+", -1))
                .containsExactly("b", "18446744073709551614", "+3.5", "0", "0", "-");
        assertThat(lines.get(4).split("\\s+", -1)).containsExactly("c", "0", "-", "7", "9", "0");
    }

    @Property
    void noLineIsLongerAndThereAreNoMoreThanTheTerminalHas(
            @ForAll @IntRange(min = 1, max = 300) int columns,
            @ForAll @IntRange(min = 1, max = 100) int rows,
            @ForAll @IntRange(max = 120) int eventfds,
            @ForAll boolean holders) {
        var all =
                IntStream.range(0, eventfds)
                        .mapToObj(i ->
                                new TopRow(
                                        "n" + "x".repeat(i), -2, 1e18, 20000, 4_294_967_295L, null))
                        .toList();
        var lines =
                new TopTable("z".repeat(200), all, Sort.count, holders)
                        .lines(new Terminal.Size(columns, rows));
        assertThat(lines).hasSizeLessThanOrEqualTo(rows).allMatch(l -> l.length() <= columns);
        if (rows > 3) {
            assertThat(lines).hasSize(rows);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 10, 5, 2",
        "10, 0, 5, -2",
        "7, 7, 1, 0",
        "0, -2, 1, 18446744073709551614",
        "-2, 0, 2, -9223372036854775807"
    })
    void aRateIsOfUnsignedCounts(long before, long now, double seconds, double rate) {
        assertThat(TopRow.net(before, now, seconds)).isEqualTo(rate);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, +1.0",
        "-12.34, -12.3",
        "99.96, +100",
        "-999.4, -999",
        "999.6, +1.0k",
        "1.8446744073709552E19, +18.4E",
        "1e20, +100E"
    })
    void aRateIsShort(double rate, String text) {
        assertThat(TopRow.text(rate)).isEqualTo(text).hasSizeLessThanOrEqualTo(8);
    }
}
