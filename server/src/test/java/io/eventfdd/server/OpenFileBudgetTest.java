package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * What is read again must fit into the files that the process may open, as what was at its start.
 */
class OpenFileBudgetTest {
    private static final int IN_USE = 80;

    /**
     * What the parts have besides the limits, of 1000 files: 16 to spare, 3 + 15 for api.sock, 2 +
     * 15 + 125 for fd.sock and a donation, 15 for processes that hold leases, 2 for the table and
     * for a hand-over, 1 for the watch of the directory.
     */
    private static final int PARTS = IN_USE + 196;

    /** How many files there must be at least, for 16 eventfds and connections. */
    private static final int NEEDED = 166;

    private static final OpenFileBudget OF_A_THOUSAND = new OpenFileBudget(1000, IN_USE);

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
        assertThat(now.number(Setting.MAX_EVENTFDS)).isEqualTo(1000 - PARTS - 100 - 50);
        now = OF_A_THOUSAND.atReload(settings("10000", "100", "10000"));
        assertThat(now.number(Setting.MAX_EVENTFDS) + now.number(Setting.MAX_FD_CONNECTIONS))
                .isEqualTo(1000 - PARTS - 100);
    }

    @Test
    void atTheStartAllOfItIsSharedOutAndEventfdsGetMostOfIt() throws Exception {
        var budget = new OpenFileBudget(256, IN_USE);
        var now = budget.atStart(settings("10000", "8192", "512"));
        assertThat(now.number(Setting.MAX_EVENTFDS)).isBetween(64, 90);
        assertThat(now.number(Setting.MAX_CONNECTIONS)).isEqualTo(32);
        assertThat(now.number(Setting.MAX_FD_CONNECTIONS)).isEqualTo(8);
        assertThat(now.number(Setting.MAX_DONATION)).isEqualTo(32);
        assertThat(OF_A_THOUSAND.atStart(settings("10000", "8192", "512")))
                .satisfies(it -> assertThat(total(it)).isEqualTo(1000 - PARTS))
                .satisfies(it -> assertThat(it.number(Setting.MAX_EVENTFDS)).isGreaterThan(580));
    }

    @Test
    void withTheUsualSoftLimitThereAreSixHundredEventfds() throws Exception {
        var now = new OpenFileBudget(1024, IN_USE).atStart(settings("10000", "8192", "512"));
        assertThat(now.number(Setting.MAX_EVENTFDS)).isGreaterThanOrEqualTo(600);
    }

    @Test
    void whatOneLimitDoesNotNeedTheOthersGet() throws Exception {
        var few = OF_A_THOUSAND.atStart(settings("10", "8192", "512"));
        assertThat(few.number(Setting.MAX_EVENTFDS)).isEqualTo(10);
        assertThat(total(few)).isEqualTo(1000 - PARTS);
        var noClients = OF_A_THOUSAND.atStart(settings("10000", "10", "5"));
        assertThat(noClients.number(Setting.MAX_CONNECTIONS)).isEqualTo(10);
        assertThat(noClients.number(Setting.MAX_FD_CONNECTIONS)).isEqualTo(5);
        assertThat(total(noClients)).isEqualTo(1000 - PARTS);
    }

    @Test
    void theObservabilityPortCostsFilesOnlyWhereItIsSet() throws Exception {
        var port = Settings.read(Map.of("observability-port", "9464"), Map.of(), Optional.empty());
        assertThat(total(OF_A_THOUSAND.atStart(port))).isEqualTo(1000 - PARTS - 10);
    }

    @Test
    void withTooFewFilesThereIsNoStartAndTheErrorSaysHowManyItTakes() throws Exception {
        var asked = settings("10000", "8192", "512");
        assertThatThrownBy(() -> new OpenFileBudget(100, IN_USE).atStart(asked))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("may open only 100 files")
                .hasMessageContaining("it needs " + NEEDED)
                .hasMessageContaining("RLIMIT_NOFILE");
        var least = new OpenFileBudget(NEEDED, IN_USE).atStart(asked);
        assertThat(total(least)).isEqualTo(16);
        assertThat(least.number(Setting.MAX_FD_CONNECTIONS)).isPositive();
        assertThat(least.number(Setting.MAX_CONNECTIONS)).isPositive();
        assertThat(least.number(Setting.MAX_EVENTFDS)).isGreaterThanOrEqualTo(8);
    }

    @Test
    void whoAsksForLessCanDoWithLess() throws Exception {
        var least = new OpenFileBudget(NEEDED - 13, IN_USE).atStart(settings("1", "1", "1"));
        assertThat(total(least)).isEqualTo(3);
    }

    private static int total(Settings settings) {
        return settings.number(Setting.MAX_EVENTFDS)
                + settings.number(Setting.MAX_CONNECTIONS)
                + settings.number(Setting.MAX_FD_CONNECTIONS);
    }

    @Test
    void thereIsAlwaysOneOfEach() throws InvalidSetting {
        var now = OF_A_THOUSAND.atReload(settings("10000", "900", "10000"));
        assertThat(now.number(Setting.MAX_EVENTFDS)).isEqualTo(1);
        assertThat(now.number(Setting.MAX_FD_CONNECTIONS)).isEqualTo(1);
    }
}
