package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.Op;
import io.eventfdd.server.http.Endpoint;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The documents lead somewhere, and {@code server/API.md} says what the daemon does. */
@Timeout(300)
class DocumentsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern LINK = Pattern.compile("]\\(([^)#\\s]*)(?:#([^)\\s]*))?\\)");
    private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);
    private static final Pattern CODE =
            Pattern.compile("^```.*?^```$", Pattern.MULTILINE | Pattern.DOTALL);

    private static final Pattern CODE_PATH = Pattern.compile("`(/[^`]*)`");
    private static final Pattern CODE_WORD = Pattern.compile("`([a-z]+)`");

    private static final Pattern ROW_OF_A_CALL = Pattern.compile("^\\| \\[?`([A-Z]+ /[^`]*)`");
    private static final Pattern ROW_OF_A_PROBLEM =
            Pattern.compile("^\\| `([a-z-]+)` \\| \\d+ \\|");

    private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Pattern WARNING =
            Pattern.compile(
                    "Level\\.(?:WARNING|ERROR),\\s*((?:" + LITERAL.pattern() + "\\s*\\+?\\s*)+)");
    private static final Pattern PLACE = Pattern.compile("\\{\\d}");

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
    void thePageOfTheApiHasNoOtherCallAndNoOtherProblem() throws IOException {
        assertThat(rows())
                .flatMap(row -> found(ROW_OF_A_CALL, row))
                .containsExactlyInAnyOrderElementsOf(
                        daemon.endpoints().stream().map(Endpoint::operation).toList());
        assertThat(rows())
                .flatMap(row -> found(ROW_OF_A_PROBLEM, row))
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(ProblemType.values()).map(ProblemType::slug).toList());
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

    @Test
    void thePageOfTheApiNamesEveryCallThatMayHaveAKeyAndNoOther() throws IOException {
        var page = Files.readString(ROOT.resolve("server/API.md"));
        var retries = page.split("\n## Retries\n", -1)[1].split("\n## ", -1)[0];
        assertThat(found(CODE_PATH, retries))
                .containsExactlyInAnyOrderElementsOf(
                        daemon.endpoints().stream()
                                .filter(DocumentsTest::mayHaveKey)
                                .map(Endpoint::path)
                                .toList());
    }

    /** A call that may have a key refuses two, before it looks at anything else. */
    private static boolean mayHaveKey(Endpoint call) {
        return call.method().equals("POST")
                && daemon.request()
                        .header("Idempotency-Key", "one", "two")
                        .post(call.path().replaceAll("\\{.*?}", "none"))
                        .body()
                        .asString()
                        .contains("Idempotency-Key");
    }

    @Test
    void thePageOfTheProtocolHasEveryOpAndNoOther() throws IOException {
        var ops =
                rows("client/PROTOCOL.md").stream()
                        .filter(row -> row.contains("{\"op\":"))
                        .map(row -> row.split("\\|", -1)[1])
                        .collect(Collectors.joining());
        assertThat(found(CODE_WORD, ops))
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(Op.values()).map(Op::word).toList());
    }

    private static List<String> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(match -> match.group(1)).toList();
    }

    @Test
    void thePageOfTroublesHasEveryProblemWithItsStatuses() throws IOException {
        for (var type : ProblemType.values()) {
            var row = "| `%s` | %d | %d | ".formatted(type.slug(), type.status(), type.exitCode());
            assertThat(rows("server/TROUBLESHOOTING.md"))
                    .filteredOn(line -> line.startsWith(row))
                    .as(type.slug())
                    .hasSize(1);
        }
    }

    @Test
    void thePageOfTroublesHasEveryWarningAndErrorOfTheLog() throws IOException {
        var rows = rows("server/TROUBLESHOOTING.md");
        var messages = warnings();
        assertThat(messages).hasSizeGreaterThan(30);
        assertThat(messages)
                .allSatisfy(message ->
                        assertThat(rows).anyMatch(row -> row.startsWith("| `" + message)));
    }

    /** What the sources log as a warning or an error, with … for what changes. */
    private static List<String> warnings() throws IOException {
        var messages = new ArrayList<String>();
        for (var source : sources()) {
            for (var call : WARNING.matcher(Files.readString(source)).results().toList()) {
                var message = new StringBuilder();
                LITERAL.matcher(call.group(1))
                        .results()
                        .forEach(literal -> message.append(literal.group(1)));
                messages.add(
                        PLACE.matcher(message).replaceAll("…").replace("''", "'").stripTrailing());
            }
        }
        return messages;
    }

    private static List<Path> sources() throws IOException {
        var sources = new ArrayList<Path>();
        for (var room : List.of("client", "server", "server/bridge")) {
            try (var files = Files.walk(ROOT.resolve(room).resolve("src/main"))) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
        }
        return sources;
    }

    private static List<String> rows() throws IOException {
        return rows("server/API.md");
    }

    private static List<String> rows(String document) throws IOException {
        return Files.readAllLines(ROOT.resolve(document)).stream()
                .filter(line -> line.startsWith("| "))
                .toList();
    }
}
