package io.eventfdd.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.Timeout;
import io.eventfdd.internal.wire.WaitRequest;
import io.eventfdd.internal.wire.WriteManyRequest;
import io.eventfdd.server.http.ApiServer;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

class SettingsTest {
    private static final Map<String, String> NONE = Map.of();

    @TempDir private Path directory;

    private Path file(String yaml) throws IOException {
        return Files.writeString(directory.resolve("eventfdd.yaml"), yaml);
    }

    private static Settings read(
            Map<String, String> options, Map<String, String> environment, Path file)
            throws InvalidSetting {
        return Settings.read(options, environment, Optional.of(file));
    }

    private static Settings read(Map<String, String> options) throws InvalidSetting {
        return Settings.read(options, NONE, Optional.empty());
    }

    // The table

    @ParameterizedTest
    @EnumSource(Setting.class)
    void aSettingsDefaultIsWithinItsRange(Setting setting) throws InvalidSetting {
        assertThat(setting.parse(setting.standard())).isNotNegative();
        for (var end : setting.range().split(", | to ", -1)) {
            assertThat(setting.parse(end)).as("%s of %s", end, setting.key()).isNotNegative();
        }
    }

    @Test
    void aLimitThatOnlyALowerOneCanReplaceIsThatOfTheProtocol() {
        assertIsHighest(Setting.MAX_BODY, ApiServer.MOST_BODY);
        assertIsHighest(Setting.MAX_PACKET, OpenRequest.MAX_PACKET);
        assertIsHighest(Setting.MAX_DONATION, OpenRequest.MAX_ENTRIES);
        assertIsHighest(Setting.MAX_WAITERS_PER_CONNECTION, WaitRequest.MAX_NAMES);
        assertThat(WriteManyRequest.MAX_NAMES).isEqualTo(WaitRequest.MAX_NAMES);
        assertThat(PacketBuffer.MAX_FDS).isEqualTo(OpenRequest.MAX_ENTRIES);
        assertThat(Setting.MAX_FDS_IN_FLIGHT.range()).startsWith(OpenRequest.MAX_ENTRIES + " to ");
    }

    private static void assertIsHighest(Setting setting, int limit) {
        assertThat(setting.standard()).as(setting.key()).isEqualTo(Integer.toString(limit));
        assertThat(setting.range()).as(setting.key()).endsWith(" to " + limit);
    }

    @Test
    void aClientThatCannotAskTakesTheDefaultOfMaxWait() {
        assertThat(Timeout.format(Timeout.DEFAULT_MAX_WAIT)).isEqualTo(Setting.MAX_WAIT.standard());
    }

    @ParameterizedTest
    @EnumSource(Setting.class)
    void aSettingHasAKeyAVariableAndALineOfMeaning(Setting setting) {
        assertThat(setting.key()).matches("[a-z]+(-[a-z]+)*");
        assertThat(setting.variable())
                .isEqualTo("EVENTFDD_" + setting.key().toUpperCase(Locale.ROOT).replace('-', '_'));
        assertThat(setting.meaning()).isNotBlank().doesNotContain("\n", "|");
    }

    @ParameterizedTest
    @EnumSource(Setting.class)
    void theReadmesTableSaysTheSame(Setting setting) throws IOException {
        assertThat(readme())
                .anySatisfy(line ->
                        assertThat(line)
                                .startsWith("| `" + setting.key() + "` |")
                                .contains(
                                        "| " + setting.standard() + " |",
                                        "| " + setting.range() + " |",
                                        setting.isReloadable() ? "| SIGHUP |" : "| start |",
                                        "| " + setting.meaning() + " |"));
    }

    @Test
    void aValueInTheFileIsTheTextThatStandsThere() throws Exception {
        var settings = read(NONE, NONE, file("socket-mode: 0666\naccess-log: on\n"));
        assertThat(settings.number(Setting.SOCKET_MODE)).isEqualTo(0666);
        assertThat(settings.choice(Setting.ACCESS_LOG)).isEqualTo("on");
    }

    @Test
    void aKeyThatIsTwiceInTheFileIsNamed() {
        assertInvalid(() -> read(NONE, NONE, file("max-wait: 1h\nmax-wait: 2h\n")), "max-wait");
    }

    @Test
    void theReadmesTableHasNoFurtherRows() throws IOException {
        var keys = Arrays.stream(Setting.values()).map(Setting::key).toList();
        assertThat(readme())
                .filteredOn(line -> line.matches("\\| `[a-z-]+` \\| .*"))
                .extracting(line -> line.substring(3, line.indexOf('`', 3)))
                .containsExactlyElementsOf(keys);
    }

    /** The README's lines; it is beside the module, which is where tests run. */
    private static List<String> readme() throws IOException {
        return Files.readAllLines(Path.of("..", "README.md"));
    }

    // Where they come from

    @Test
    void whatNobodySetsHasItsDefault() throws InvalidSetting {
        var settings = read(NONE);
        assertThat(settings.number(Setting.MAX_EVENTFDS)).isEqualTo(10_000);
        assertThat(settings.number(Setting.SOCKET_MODE)).isEqualTo(0660);
        assertThat(settings.number(Setting.DIRECTORY_MODE)).isEqualTo(0750);
        assertThat(settings.duration(Setting.MAX_WAIT)).isEqualTo(Duration.ofHours(1));
        assertThat(settings.duration(Setting.DELIVERY_TIMEOUT)).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void optionsGoBeforeTheEnvironmentAndThatBeforeTheFile() throws Exception {
        var options = Map.of("max-eventfds", "3");
        var environment = Map.of("EVENTFDD_MAX_EVENTFDS", "2", "EVENTFDD_MAX_WAIT", "2s");
        var file = file("max-eventfds: 1\nmax-wait: 1s\nmax-waiters: 1\n");
        var all = read(options, environment, file);
        assertThat(all.number(Setting.MAX_EVENTFDS)).isEqualTo(3);
        assertThat(all.duration(Setting.MAX_WAIT)).isEqualTo(Duration.ofSeconds(2));
        assertThat(all.number(Setting.MAX_WAITERS)).isEqualTo(1);
        assertThat(all.number(Setting.MAX_CONNECTIONS)).isEqualTo(8192);
        assertThat(read(NONE, environment, file).number(Setting.MAX_EVENTFDS)).isEqualTo(2);
        assertThat(read(NONE, NONE, file).number(Setting.MAX_EVENTFDS)).isEqualTo(1);
    }

    @Test
    void variablesOfOthersAreNotOurs() throws InvalidSetting {
        var settings =
                Settings.read(
                        NONE,
                        Map.of(
                                "EVENTFDD_RUNTIME_DIR", "/x",
                                "EVENTFDD_SOMETHING_ELSE", "y",
                                "MAX_EVENTFDS", "7",
                                "max-eventfds", "7"),
                        Optional.empty());
        assertThat(settings.number(Setting.MAX_EVENTFDS)).isEqualTo(10_000);
    }

    @Test
    void aVariableThatLooksLikeASettingAndIsNoneIsFound() {
        var environment = new HashMap<String, String>();
        for (var setting : Setting.values()) {
            environment.put(setting.variable(), setting.standard());
        }
        for (var other :
                List.of(
                        "EVENTFDD_CONFIG",
                        "EVENTFDD_JAVA_OPTS",
                        "EVENTFDD_RUNTIME_DIR",
                        "EVENTFD_X",
                        "MAX_WAITS",
                        // of the services eventfdd and eventfdd-metrics of a cluster
                        "EVENTFDD_PORT",
                        "EVENTFDD_PORT_80_TCP_ADDR",
                        "EVENTFDD_SERVICE_HOST",
                        "EVENTFDD_METRICS_SERVICE_PORT_HTTP",
                        "EVENTFDD_METRICS_PORT_9464_TCP")) {
            environment.put(other, "x");
        }
        assertThat(Settings.mistaken(environment)).isEmpty();
        for (var mistaken :
                List.of("EVENTFDD_MAX_WAITS", "EVENTFDD_max_wait", "EVENTFDD_", "EVENTFDD_PORTS")) {
            environment.put(mistaken, "x");
        }
        assertThat(Settings.mistaken(environment))
                .containsExactly(
                        "EVENTFDD_", "EVENTFDD_MAX_WAITS", "EVENTFDD_PORTS", "EVENTFDD_max_wait");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "# nothing but a comment\n", "---\n"})
    void anEmptyFileSetsNothing(String yaml) throws Exception {
        assertThat(read(NONE, NONE, file(yaml)).number(Setting.MAX_EVENTFDS)).isEqualTo(10_000);
    }

    @Test
    void modesAreTakenFromEverywhereWithAndWithoutAZero() throws Exception {
        assertThat(read(Map.of("socket-mode", "0666")).number(Setting.SOCKET_MODE)).isEqualTo(0666);
        assertThat(read(Map.of("socket-mode", "600")).number(Setting.SOCKET_MODE)).isEqualTo(0600);
        assertThat(
                        Settings.read(
                                        NONE,
                                        Map.of("EVENTFDD_SOCKET_MODE", "0666"),
                                        Optional.empty())
                                .number(Setting.SOCKET_MODE))
                .isEqualTo(0666);
        for (var yaml : List.of("'0666'", "'666'", "666")) {
            var settings = read(NONE, NONE, file("socket-mode: " + yaml + "\n"));
            assertThat(settings.number(Setting.SOCKET_MODE)).as(yaml).isEqualTo(0666);
        }
    }

    // What stops the start

    @Test
    void anUnknownKeyIsNamedFromEverySource() throws Exception {
        assertInvalid(() -> read(Map.of("max-eventfd", "3")), "unknown setting: max-eventfd");
        var file = file("max-eventfds: 3\nmax-wiat: 1h\n");
        assertInvalid(() -> read(NONE, NONE, file), "unknown setting: max-wiat");
    }

    @ParameterizedTest
    @CsvSource({
        "max-eventfds, 0", "max-eventfds, 1000001", "max-wait, 0s", "max-wait, 25h",
        "max-wait, 999ms", "socket-mode, 0667", "socket-mode, 0440", "directory-mode, 0600",
        "max-keys, 18446744073709551615", "max-keys, 18446744073709551617"
    })
    void aValueOutOfRangeIsNamedFromEverySource(String key, String value) throws Exception {
        var words = new String[] {key + ": " + value + " is not ", " to "};
        assertInvalid(() -> read(Map.of(key, value)), words);
        var variable = Map.of(variable(key), value);
        assertInvalid(() -> Settings.read(NONE, variable, Optional.empty()), words);
        var file = file(key + ": '" + value + "'\n");
        assertInvalid(() -> read(NONE, NONE, file), words);
    }

    @ParameterizedTest
    @CsvSource({
        "max-eventfds, many",
        "max-eventfds, -1",
        "max-eventfds, 1.5",
        "max-eventfds, ''",
        "max-eventfds, 1e3",
        "max-eventfds, +5",
        "max-eventfds, \u0663",
        "max-wait, 1",
        "max-wait, 1d",
        "max-wait, -1s",
        "max-wait, ''",
        "socket-mode, rw-rw----",
        "socket-mode, 0o660",
        "socket-mode, 66",
        "socket-mode, 1660"
    })
    void aValueOfAnotherFormIsNamedFromEverySource(String key, String value) throws Exception {
        var words = new String[] {key + ": '" + value + "' is not "};
        assertInvalid(() -> read(Map.of(key, value)), words);
        var variable = Map.of(variable(key), value);
        assertInvalid(() -> Settings.read(NONE, variable, Optional.empty()), words);
        var file = file(key + ": '" + value + "'\n");
        assertInvalid(() -> read(NONE, NONE, file), words);
    }

    @Test
    void whatIsWrongIsToldWithThePlaceWhereItStands() throws Exception {
        var file = file("max-wait: soon\n");
        var variable = Map.of("EVENTFDD_MAX_WAIT", "soon");
        var option = Map.of("max-wait", "soon");
        assertTold(() -> read(NONE, NONE, file), file + ": max-wait: 'soon' is not");
        assertTold(() -> read(NONE, variable, file), "EVENTFDD_MAX_WAIT: max-wait: 'soon' is not");
        assertTold(() -> read(option, variable, file), "max-wait: 'soon' is not");
        assertTold(() -> Settings.of(option, file), file + ": max-wait: 'soon' is not");
        var unknown = file("max-wiat: 1h\n");
        assertTold(() -> read(NONE, NONE, unknown), unknown + ": unknown setting: max-wiat");
        var many = file("max-wait: [1h, 2h]\n");
        assertTold(() -> read(NONE, NONE, many), many + ": max-wait: it has no single value");
    }

    @Test
    void whatIsWrongMattersOnlyIfItIsInForce() throws Exception {
        var settings = read(Map.of("max-wait", "2h"), NONE, file("max-wait: soon\n"));
        assertThat(settings.duration(Setting.MAX_WAIT)).isEqualTo(Duration.ofHours(2));
    }

    private static void assertTold(ThrowingCallable call, String start) {
        assertThatThrownBy(call).isInstanceOf(InvalidSetting.class).hasMessageStartingWith(start);
    }

    private static String variable(String key) {
        return Setting.ofKey(key).orElseThrow().variable();
    }

    @Test
    void aFileThatOneNamedMustBeThere() {
        var missing = directory.resolve("missing.yaml");
        assertInvalid(() -> read(NONE, NONE, missing), "cannot read " + missing);
    }

    @Test
    void aFileThatIsNoTextIsRefusedInWords() throws IOException {
        assertInvalid(
                () -> read(NONE, NONE, directory), "cannot read " + directory + ": Is a directory");
        var file = file("");
        Files.write(file, new byte[] {'a', (byte) 0xff});
        assertInvalid(() -> read(NONE, NONE, file), "cannot read " + file + ": it is not in UTF-8");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "max-wait: [1h\n",
                "max-wait: 1h\n  max-waiters: 3\n",
                "\tmax-wait: 1h\n",
                "max-wait: 'x\n",
                "{max-wait: 1h\n"
            })
    void whatIsNotYamlIsSaidWithTheNameOfTheFile(String yaml) throws IOException {
        var file = file(yaml);
        assertInvalid(() -> read(NONE, NONE, file), "cannot read " + file);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "- max-wait\n",
                "just text\n",
                "max-wait:\n  seconds: 3\n",
                "max-wait: [1h, 2h]\n",
                "max:\n  wait: 1h\n",
                "max-wait:\n"
            })
    void aFileOfAnotherShapeIsRefused(String yaml) throws IOException {
        var file = file(yaml);
        assertInvalid(() -> read(NONE, NONE, file));
    }

    private static void assertInvalid(ThrowingCallable call, String... words) {
        var refusal = assertThatThrownBy(call).isInstanceOf(InvalidSetting.class);
        if (words.length > 0) {
            refusal.hasMessageContainingAll(words);
        }
    }

    // What is read again

    @Test
    void whatCanChangeWhileTheDaemonRunsIsTakenFromWhatIsReadAgain() throws InvalidSetting {
        var before = read(Map.of("max-wait", "1h", "socket-mode", "0660", "log-level", "info"));
        var read = read(Map.of("max-wait", "2h", "socket-mode", "0600", "log-level", "debug"));
        var after = before.reloaded(read);
        assertThat(after.duration(Setting.MAX_WAIT)).isEqualTo(Duration.ofHours(2));
        assertThat(after.choice(Setting.LOG_LEVEL)).isEqualTo("debug");
        assertThat(after.number(Setting.SOCKET_MODE)).isEqualTo(0660);
        assertThat(before.differsIn(Setting.SOCKET_MODE, read)).isTrue();
        assertThat(before.differsIn(Setting.DIRECTORY_MODE, read)).isFalse();
    }

    // Less than was wished

    @Test
    void loweringLowersOnlyWhatIsHigher() throws InvalidSetting {
        var settings = read(Map.of("max-eventfds", "100"));
        assertThat(settings.lowered(Setting.MAX_EVENTFDS, 50).number(Setting.MAX_EVENTFDS))
                .isEqualTo(50);
        assertThat(settings.lowered(Setting.MAX_EVENTFDS, 500).number(Setting.MAX_EVENTFDS))
                .isEqualTo(100);
        assertThat(settings.number(Setting.MAX_EVENTFDS)).as("of the one before").isEqualTo(100);
    }
}
