package io.eventfdd.bridge.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eventfdd.bridge.config.Link.Kind;
import io.eventfdd.bridge.config.Link.Mode;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

@Timeout(300)
class LinksFileTest {
    private static final String HEAD =
            """
            host: alpha
            nats: {servers: ["nats://127.0.0.1:4222"]}
            """;

    @Test
    void shortestFileHasAHostAServerAndALink() throws InvalidLinks {
        var links =
                LinksFile.parse(HEAD + "links: [export: {name: orders, subject: signals.orders}]");

        assertThat(links)
                .isEqualTo(
                        new Links(
                                "alpha",
                                new Servers(List.of("nats://127.0.0.1:4222"), null, null),
                                null,
                                true,
                                Duration.ofMinutes(10),
                                Duration.ofMinutes(5),
                                Map.of(),
                                List.of(
                                        new Link.Export(
                                                new EventfdName("orders"),
                                                "signals.orders",
                                                "EVENTFDD",
                                                null,
                                                Count.MAX))));
    }

    @Test
    void fileCanSayEverythingElse() throws InvalidLinks {
        var links =
                LinksFile.parse(
                        """
                        host: db-1.example
                        runtime-dir: /run/eventfdd
                        create: no
                        duplicate-window: 2h
                        longest-absence: 1h
                        observability-port: 9465
                        observability-address: ::1
                        log-level: debug
                        log-format: json
                        nats:
                          servers: [tls://n1:4222, tls://n2:4222]
                          credentials: /etc/eventfdd/bridge.creds
                          options: /etc/eventfdd/jnats.properties
                        links:
                          - export: {name: orders, subject: s.orders, stream: A, create: counter,
                                     max: 1}
                          - import: {name: permits, subject: s.permits, mode: share,
                                     consumer: workers, stream: B, create: semaphore}
                          - import: {name: a.b, subject: s.ab, mode: copy}
                        """);

        assertThat(links.servers().urls()).containsExactly("tls://n1:4222", "tls://n2:4222");
        assertThat(links.servers().credentials()).isEqualTo(Path.of("/etc/eventfdd/bridge.creds"));
        assertThat(links.servers().options()).isEqualTo(Path.of("/etc/eventfdd/jnats.properties"));
        assertThat(links.runtimeDirectory()).isEqualTo(Path.of("/run/eventfdd"));
        assertThat(links.create()).isFalse();
        assertThat(links.duplicateWindow()).isEqualTo(Duration.ofHours(2));
        assertThat(links.longestAbsence()).isEqualTo(Duration.ofHours(1));
        assertThat(links.settings())
                .isEqualTo(
                        Map.of(
                                "observability-port", "9465",
                                "observability-address", "::1",
                                "log-level", "debug",
                                "log-format", "json"));
        assertThat(links.streams()).containsExactly("A", "B", "EVENTFDD");
        assertThat(links.links().getFirst())
                .isEqualTo(
                        new Link.Export(
                                new EventfdName("orders"), "s.orders", "A", Kind.COUNTER, 1));
        assertThat(links.imports(Mode.SHARE))
                .containsExactly(
                        new Link.Import(
                                "s.permits",
                                new EventfdName("permits"),
                                Mode.SHARE,
                                "workers",
                                "B",
                                Kind.SEMAPHORE));
        assertThat(links.imports(Mode.COPY).getFirst().consumer())
                .as("the eventfd's name, as one token of a subject")
                .isEqualTo("a%2Eb");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    colour: red                                  | unknown field: colour
                    links: [export: {name: a, subject: s, to: x}]| unknown field: links[0].export.to
                    links: [{import: {name: a, subject: s, mode: copy}, x: 1}] | unknown field: links[0].x
                    nats: {servers: [x], user: me}               | unknown field: nats.user
                    host: a b                                    | host 'a b' is not a host's name
                    create: maybe                                | create 'maybe' is not one of yes, no
                    duplicate-window: 10                         | duplicate-window: '10' is not a duration
                    duplicate-window: 0s                         | duplicate-window is less than 1s
                    longest-absence: 29s                         | longest-absence is less than 30s
                    duplicate-window: 800h                       | duplicate-window: '800h' is longer than 168h
                    nats: {servers: []}                          | nats.servers is not a list with at least one
                    nats: {servers: [x, "a b"]}                  | nats.servers[1] is not a URL like nats://host
                    nats: {servers: [""]}                        | nats.servers[0] is not a URL
                    nats: {servers: ["http://x:4222"]}           | nats.servers[0] is not a URL
                    nats: {servers: ["nats://:4222"]}            | nats.servers[0] is not a URL
                    nats: {servers: ["nats://x:65536"]}          | nats.servers[0] is not a URL
                    nats: {}                                     | nats.servers is missing
                    nats: {servers: [x], credentials: ""}        | nats.credentials '' is not a path
                    runtime-dir:                                 | runtime-dir '' is not a path
                    nats: here                                   | nats is not a mapping
                    links: []                                    | links is not a list with at least one
                    links: [x]                                   | links[0] is not a mapping
                    links: [{}]                                  | links[0] is neither one export nor one import
                    links: [export: ]                            | links[0].export is not a mapping
                    links: [export: {subject: s}]                | links[0].export.name is missing
                    links: [export: {name: a}]                   | links[0].export.subject is missing
                    links: [export: {name: -a, subject: s}]      | links[0].export.name '-a' is not a name
                    links: [export: {name: [a], subject: s}]     | links[0].export.name is not a single value
                    links: [export: {name: a, subject: s.}]      | links[0].export.subject 's.' is not a subject
                    links: [export: {name: a, subject: s.*}]     | links[0].export.subject 's.*' is not a subject
                    links: [export: {name: a, subject: eventfdd.s}] | 'eventfdd.s' is not a subject
                    links: [export: {name: a, subject: s, stream: a.b}] | links[0].export.stream 'a.b' is not
                    links: [export: {name: a, subject: s, stream: S_MARKS}] | export.stream 'S_MARKS' is not
                    links: [export: {name: a, subject: s, stream: S_CLAIMS}] | export.stream 'S_CLAIMS' is not
                    links: [export: {name: a, subject: s, create: x}] | 'x' is not one of counter, semaphore
                    links: [export: {name: a, subject: s, max: 0}] | links[0].export.max '0' is not a number
                    links: [export: {name: a, subject: s, max: x}] | links[0].export.max 'x' is not a number
                    links: [import: {name: a, subject: s}]       | links[0].import.mode is missing
                    links: [import: {name: a, subject: s, mode: copy, max: 1}] | field: links[0].import.max
                    links: [import: {name: a, subject: s, mode: all}] | 'all' is not one of share, copy
                    links: [import: {name: a, subject: s, mode: copy, consumer: x.y}] | .consumer 'x.y' is not
                    """)
    void mistakeIsRefusedByItsPlace(String wrong, String message) {
        assertThatExceptionOfType(InvalidLinks.class)
                .isThrownBy(() -> LinksFile.parse(without(wrong) + wrong))
                .withMessageContaining(message)
                .withMessageNotContaining("invalid-request");
    }

    /** The lines that {@code wrong} has to be added to. */
    private static String without(String wrong) {
        var all = HEAD + "links: [export: {name: a, subject: s}]\n";
        var key = wrong.substring(0, wrong.indexOf(':') + 1);
        return all.lines()
                .filter(line -> !line.startsWith(key))
                .map(line -> line + "\n")
                .reduce("", String::concat);
    }

    @ParameterizedTest
    @ValueSource(strings = {"host: alpha\n", "nats: {servers: [x]}\n", "", "- a\n", "text"})
    void fileThatLacksSomethingIsRefused(String text) {
        assertThatExceptionOfType(InvalidLinks.class).isThrownBy(() -> LinksFile.parse(text));
    }

    @Test
    void nameThatIsTooLongForAConsumerNeedsOne() throws InvalidLinks {
        var file = HEAD + "links: [import: {name: a%s, subject: s, mode: share%s}]\n";
        assertThatExceptionOfType(InvalidLinks.class)
                .isThrownBy(() -> LinksFile.parse(file.formatted(".".repeat(85), "")))
                .withMessageContaining("links[0].import.consumer is missing");
        assertThat(LinksFile.parse(file.formatted(".".repeat(85), ", consumer: c")).links())
                .hasSize(1);
        assertThat(LinksFile.parse(file.formatted(".".repeat(84), "")).links()).hasSize(1);
        var copy = file.replace("share", "copy");
        assertThat(LinksFile.parse(copy.formatted(".".repeat(85), "")).links()).hasSize(1);
    }

    @Test
    void sameKeyTwiceIsRefused() {
        assertThatExceptionOfType(InvalidLinks.class)
                .isThrownBy(() -> LinksFile.parse("host: a\nhost: b\n"))
                .withMessageContaining("duplicate key host");
    }

    @Test
    void hostThatSharesHasToNoticeAnAbsenceThatIsLongerThanTheWindow() throws InvalidLinks {
        var times = "duplicate-window: 4m\nlongest-absence: 5m\n";
        var copy = HEAD + "links: [import: {name: a, subject: s, mode: copy}]\n" + times;
        assertThat(LinksFile.parse(copy).longestAbsence()).isEqualTo(Duration.ofMinutes(5));
        assertThatExceptionOfType(InvalidLinks.class)
                .isThrownBy(() -> LinksFile.parse(copy.replace("copy", "share")))
                .withMessageContaining("longest-absence is longer than duplicate-window");
    }

    @Test
    void linkThatFeedsItselfIsRefusedWithItsWay() {
        refuses(
                """
                - export: {name: a, subject: s}
                - import: {name: a, subject: s, mode: copy}
                """,
                "links[0] feeds itself: a -> s -> a");
    }

    @Test
    void linksThatFeedEachOtherInACircleAreRefused() {
        refuses(
                """
                - export: {name: c, subject: t}
                - export: {name: a, subject: s}
                - import: {name: x, subject: s, mode: copy}
                - import: {name: b, subject: s, mode: copy}
                - export: {name: b, subject: u}
                - import: {name: a, subject: u, mode: share}
                """,
                "links[1] feeds itself: a -> s -> b -> u -> a");
    }

    @Test
    void circleIsRefusedIfItsSubjectsAreCalledLikeItsEventfds() {
        refuses(
                """
                - export: {name: a, subject: b}
                - import: {name: b, subject: b, mode: copy}
                - export: {name: b, subject: a}
                - import: {name: a, subject: a, mode: copy}
                """,
                "links[0] feeds itself: a -> b -> b -> a -> a");
    }

    @Test
    void relayThatDoesNotComeBackIsNoCircle() throws InvalidLinks {
        LinksFile.parse(
                HEAD
                        + """
                        links:
                        - import: {name: a, subject: s, mode: copy}
                        - export: {name: a, subject: t}
                        """);
    }

    @Test
    void twoLinksThatShareAConsumerAreRefused() {
        refuses(
                """
                - import: {name: a, subject: s, mode: copy}
                - import: {name: a, subject: t, mode: copy}
                """,
                "links[0] and links[1] both share the consumer a; give one of them another");
        refuses(
                """
                - import: {name: a, subject: s, mode: share, consumer: c}
                - import: {name: b, subject: s, mode: share, consumer: c}
                """,
                "links[0] and links[1] both share the consumer c");
    }

    @Test
    void eachLinkHasANameOfItsOwnThoughSeveralFeedOneEventfd() throws InvalidLinks {
        var links =
                LinksFile.parse(
                        HEAD
                                + """
                                links:
                                - import: {name: a.b, subject: s, mode: copy}
                                - import: {name: a.b, subject: t, mode: copy, consumer: c}
                                - import: {name: a.b, subject: u, mode: copy, stream: S}
                                - import: {name: a.b, subject: v, mode: copy, consumer: c, stream: S}
                                """);

        assertThat(links.links().stream().map(Link::toString))
                .containsExactly(
                        "import a.b",
                        "import a.b as c",
                        "import a.b from S",
                        "import a.b as c from S");
    }

    @Test
    void twoLinksThatExportOneEventfdAreRefused() {
        refuses(
                """
                - export: {name: a, subject: s}
                - export: {name: a, subject: t, stream: OTHER}
                """,
                "links[0] and links[1] both export the eventfd a");
    }

    @Test
    void twoLinksThatExportToOneSubjectAreRefused() {
        refuses(
                """
                - export: {name: a, subject: s}
                - export: {name: b, subject: s}
                """,
                "links[0] and links[1] both export to the subject s");
    }

    @Test
    void aSubjectInTwoStreamsIsRefused() {
        refuses(
                """
                - export: {name: a, subject: s}
                - import: {name: b, subject: s, mode: copy, stream: OTHER}
                """,
                "links[1] has the subject s in the stream OTHER, another link in EVENTFDD");
    }

    @Test
    void anEventfdOfTwoKindsIsRefused() {
        refuses(
                """
                - export: {name: a, subject: s, create: counter}
                - import: {name: a, subject: t, mode: copy}
                - import: {name: a, subject: u, mode: copy, consumer: c, create: semaphore}
                """,
                "links[2] creates the eventfd a as another kind than another link");
    }

    private static void refuses(String links, String message) {
        assertThatExceptionOfType(InvalidLinks.class)
                .isThrownBy(() -> LinksFile.parse(HEAD + "links:\n" + links))
                .withMessageContaining(message);
    }

    @Test
    void errorNamesTheFile(@TempDir Path directory) throws Exception {
        var file = directory.resolve("links.yaml");
        assertThatExceptionOfType(InvalidLinks.class)
                .isThrownBy(() -> LinksFile.read(file))
                .withMessage("cannot read " + file + ": it does not exist");
        Files.writeString(file, "host: a\n");
        assertThatExceptionOfType(InvalidLinks.class)
                .isThrownBy(() -> LinksFile.read(file))
                .withMessage(file + ": nats is missing");
        Files.write(file, new byte[] {'a', (byte) 0xff});
        assertThatExceptionOfType(InvalidLinks.class)
                .isThrownBy(() -> LinksFile.read(file))
                .withMessage("cannot read " + file + ": it is not in UTF-8");
    }
}
