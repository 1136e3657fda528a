package io.eventfdd.server.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.bridge.config.Link;
import io.eventfdd.bridge.daemon.LinkedEventfd;
import io.eventfdd.bridge.status.LinkStatus;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.server.testing.CuttingProxy;
import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A link's calls on its eventfd, over what becomes of the daemon meanwhile. */
@Timeout(300)
class LinkedEventfdIT {
    private static final Link LINK =
            new Link.Export(new EventfdName("a"), "s", "EVENTFDD", Link.Kind.COUNTER, Count.MAX);
    private static final Duration LONG = Duration.ofMinutes(5);

    @Test
    void daemonThatStopsIsNotTakenForAnotherOne() throws Exception {
        var status = new LinkStatus("export a");
        try (var daemon = DaemonProcess.start();
                var proxy = new CuttingProxy(daemon.file("proxy.sock"), daemon.api());
                var eventfd = new LinkedEventfd(LINK, daemon.file("proxy.sock"), LONG, status)) {
            eventfd.prepare();
            daemon.write("a", 3);
            proxy.cut(1);
            proxy.refuse(2);
            assertThat(eventfd.take("key", Optional.empty())).isEqualTo(3);
            assertThat(status.inDoubt()).isZero();
        }
    }

    @Test
    void eventfdThatIsCreatedAnewAsAnotherKindIsReadAsThatKind() throws Exception {
        var link = new Link.Export(new EventfdName("a"), "s", "EVENTFDD", null, Count.MAX);
        try (var daemon = DaemonProcess.start();
                var eventfd =
                        new LinkedEventfd(link, daemon.api(), LONG, new LinkStatus("export a"))) {
            daemon.create("a", "{\"semaphore\":true}");
            eventfd.prepare();
            daemon.delete("a");
            daemon.create("a");
            daemon.write("a", 3);
            assertThat(eventfd.take("key", Optional.empty())).isEqualTo(3);
        }
    }

    @ParameterizedTest(name = "an absence of up to {0} s: {1} calls in doubt")
    @CsvSource({"300, 0", "0, 1"})
    void callIsInDoubtIfTheDaemonWasAwayForLongerThanItsKeysLive(long seconds, long inDoubt)
            throws Exception {
        var status = new LinkStatus("export a");
        try (var daemon = DaemonProcess.start();
                var proxy = new CuttingProxy(daemon.file("proxy.sock"), daemon.api());
                var eventfd =
                        new LinkedEventfd(
                                LINK,
                                daemon.file("proxy.sock"),
                                Duration.ofSeconds(seconds),
                                status)) {
            eventfd.prepare();
            daemon.write("a", 3);
            proxy.cut(1);
            assertThat(eventfd.take("key", Optional.empty())).isEqualTo(3);
            assertThat(status.inDoubt()).isEqualTo(inDoubt);
        }
    }

    @ParameterizedTest(name = "left for {0} s with a key-life of {1}: {2} calls in doubt")
    @CsvSource({"200, 5m, 0", "400, 5m, 1", "200, 2m, 1"})
    void callOfAnEarlierRunIsInDoubtIfItsKeyMayHaveLapsed(
            long seconds, String keyLife, long inDoubt) throws Exception {
        var status = new LinkStatus("export a");
        try (var daemon = DaemonProcess.start("--key-life", keyLife);
                var eventfd = new LinkedEventfd(LINK, daemon.api(), LONG, status)) {
            eventfd.prepare();
            daemon.write("a", 3);
            status.unsettledSince(System.nanoTime() - TimeUnit.SECONDS.toNanos(seconds));
            assertThat(eventfd.take("key", Optional.of(eventfd.keys()))).isEqualTo(3);
            assertThat(status.inDoubt()).isEqualTo(inDoubt);
        }
    }
}
