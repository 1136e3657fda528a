package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.Optional;

/**
 * What is read again must fit into the files that the process may open, as what was at its start.
 */
class OpenFileBudgetTest {
    private static final OpenFileBudget OF_A_THOUSAND = new OpenFileBudget(1000);

    private static Settings settings(String eventfds, String connections, String fdConnections)
            throws InvalidSetting {
        return Settings.read(
                Map.of(
                        "max-eventfds", eventfds,
                        "max-connections", connections,
                        "max-fd-connections", fdConnections),
                Map.of(),
                Optional.empty());
    }

    @Test
    void whatFitsIsAsAskedForExceptForWhatCannotBeInFlight() throws InvalidSetting {
        var now = OF_A_THOUSAND.atReload(settings("400", "100", "50"));
        assertThat(now.number(Setting.MAX_EVENTFDS)).isEqualTo(400);
        assertThat(now.number(Setting.MAX_CONNECTIONS)).isEqualTo(100);
        assertThat(now.number(Setting.MAX_FD_CONNECTIONS)).isEqualTo(50);
        assertThat(now.number(Setting.MAX_FDS_IN_FLIGHT)).isEqualTo(1000);
    }

    @Test
    void connectionsStayAndTheOthersShareWhatIsLeft() throws InvalidSetting {
        var now = OF_A_THOUSAND.atReload(settings("10000", "100", "50"));
        assertThat(now.number(Setting.MAX_CONNECTIONS)).isEqualTo(100);
        assertThat(now.number(Setting.MAX_FD_CONNECTIONS)).isEqualTo(50);
        assertThat(now.number(Setting.MAX_EVENTFDS)).isEqualTo(1000 - 448 - 100 - 50);
        now = OF_A_THOUSAND.atReload(settings("10000", "100", "10000"));
        assertThat(now.number(Setting.MAX_EVENTFDS) + now.number(Setting.MAX_FD_CONNECTIONS))
                .isEqualTo(1000 - 448 - 100);
    }

    @Test
    void thereIsAlwaysOneOfEach() throws InvalidSetting {
        var now = OF_A_THOUSAND.atReload(settings("10000", "900", "10000"));
        assertThat(now.number(Setting.MAX_EVENTFDS)).isEqualTo(1);
        assertThat(now.number(Setting.MAX_FD_CONNECTIONS)).isEqualTo(1);
    }
}
