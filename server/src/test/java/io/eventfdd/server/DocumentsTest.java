package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.ProblemType;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The documents lead somewhere, and {@code server/API.md} says what the daemon does. */
@Timeout(60)
class DocumentsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern LINK = Pattern.compile("]\\(([^)#\\s]*)(?:#([^)\\s]*))?\\)");
    private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);
    private static final Pattern CODE =
            Pattern.compile("^```.*?^```$", Pattern.MULTILINE | Pattern.DOTALL);

    private static DaemonUnderTest daemon;

    @BeforeAll
    static void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
    }

    @AfterAll
    static void stop() throws IOException {
        daemon.close();
    }

    private static String text(Path document) throws IOException {
        return CODE.matcher(Files.readString(document)).replaceAll("");
    }

    static Stream<Path> documents() throws IOException {
        try (var files = Files.walk(ROOT)) {
            return files
                    .filter(file -> file.toString().endsWith(".md"))
                    .filter(file -> !ROOT.relativize(file).toString().contains("target/"))
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyLinkLeadsSomewhere(Path document) throws IOException {
        for (var link : LINK.matcher(text(document)).results().toList()) {
            if (link.group(1).contains("://")) {
                continue;
            }
            var target =
                    link.group(1).isEmpty() ? document : document.resolveSibling(link.group(1));
            assertThat(target).as(link.group()).exists();
            if (link.group(2) != null) {
                assertThat(anchors(target)).as(link.group()).contains(link.group(2));
            }
        }
    }

    /** What GitHub makes of the headings. */
    private static List<String> anchors(Path document) throws IOException {
        return HEADING.matcher(text(document))
                .results()
                .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
                .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
                .toList();
    }

    @Test
    void thePageOfTheApiHasEveryCall() throws IOException {
        var rows = rows();
        assertThat(daemon.endpoints())
                .allSatisfy(call ->
                        assertThat(rows)
                                .anyMatch(row -> row.contains("`" + call.operation() + "`")));
    }

    @Test
    void thePageOfTheApiHasEveryProblemWithItsStatusAndErrno() throws IOException {
        for (var type : ProblemType.values()) {
            assertThat(rows())
                    .as(type.slug())
                    .filteredOn(row ->
                            row.startsWith("| `" + type.slug() + "` | " + type.status() + " |"))
                    .hasSize(1)
                    .allMatch(row -> row.contains(type.errno().orElse("")));
        }
    }

    private static List<String> rows() throws IOException {
        return Files.readAllLines(ROOT.resolve("server/API.md")).stream()
                .filter(line -> line.startsWith("| "))
                .toList();
    }
}
