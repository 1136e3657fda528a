package io.eventfdd.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

class RuntimeLocationTest {
    private static final int UID = 1000;
    private static final Path SYSTEM = Path.of("/run/eventfdd");
    private static final Path IN_TMP = Path.of("/tmp/eventfdd-1000");

    private static RuntimeLocation with(String... environment) {
        var map = new HashMap<String, String>();
        for (int i = 0; i < environment.length; i += 2) {
            map.put(environment[i], environment[i + 1]);
        }
        return RuntimeLocation.of(map, UID);
    }

    @Test
    void thePlacesAreInTheOrderOfTheApi() {
        assertThat(
                        with(
                                        "EVENTFDD_RUNTIME_DIR", "/own",
                                        "RUNTIME_DIRECTORY", "/systemd",
                                        "XDG_RUNTIME_DIR", "/run/user/1000")
                                .all())
                .containsExactly(
                        Path.of("/own"),
                        Path.of("/systemd"),
                        SYSTEM,
                        Path.of("/run/user/1000/eventfdd"),
                        IN_TMP);
        assertThat(with().all()).containsExactly(SYSTEM, IN_TMP);
    }

    @Test
    void aVariableThatIsSetToNothingIsNotSet() {
        assertThat(
                        with(
                                "EVENTFDD_RUNTIME_DIR", "",
                                "RUNTIME_DIRECTORY", "",
                                "XDG_RUNTIME_DIR", ""))
                .isEqualTo(with());
    }

    @Test
    void ofSystemdsDirectoriesTheFirstCounts() {
        assertThat(with("RUNTIME_DIRECTORY", "/run/a:/run/b").configured())
                .containsExactly(Path.of("/run/a"));
    }

    @Test
    void aUidIsUnsigned() {
        assertThat(RuntimeLocation.of(Map.of(), -2).user())
                .containsExactly(Path.of("/tmp/eventfdd-4294967294"));
    }

    @Test
    void aDaemonGoesWhereItIsToldWhetherThatCanBeWrittenOrNot() {
        assertThat(with("EVENTFDD_RUNTIME_DIR", "/own").forDaemon(place -> false))
                .isEqualTo(Path.of("/own"));
        assertThat(with("RUNTIME_DIRECTORY", "/systemd").forDaemon(place -> false))
                .isEqualTo(Path.of("/systemd"));
    }

    @Test
    void elseADaemonGoesToTheSystemsPlaceWhereItMayAndToItsUsersOtherwise() {
        var session = with("XDG_RUNTIME_DIR", "/run/user/1000");
        assertThat(session.forDaemon(SYSTEM::equals)).isEqualTo(SYSTEM);
        assertThat(session.forDaemon(place -> false)).isEqualTo(Path.of("/run/user/1000/eventfdd"));
        assertThat(with().forDaemon(place -> false)).isEqualTo(IN_TMP);
    }

    @Test
    void aClientGoesToTheFirstThatIsThere() {
        var places = with("EVENTFDD_RUNTIME_DIR", "/own", "XDG_RUNTIME_DIR", "/run/user/1000");
        assertThat(places.forClient(place -> true)).hasValue(Path.of("/own"));
        assertThat(places.forClient(Set.of(SYSTEM, IN_TMP)::contains)).hasValue(SYSTEM);
        assertThat(places.forClient(IN_TMP::equals)).hasValue(IN_TMP);
    }

    @Test
    void aClientGoesNowhereIfNoneIsThere() {
        assertThat(with("RUNTIME_DIRECTORY", "/systemd").forClient(place -> false)).isEmpty();
    }
}
