package io.eventfdd.bridge.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.bridge.status.LinkStatus.Condition;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

class LinkStatusTest {
    private final LinkStatus link = new LinkStatus("export orders");
    private final LinkStatus.Part eventfd = link.part();
    private final LinkStatus.Part ledger = link.part();

    @Test
    void linkRunsOnceItHasStarted() {
        assertThat(link.condition()).isEqualTo(Condition.STARTING);
        link.started();
        assertThat(link.condition()).isEqualTo(Condition.RUNNING);
        assertThat(link.reason()).isEmpty();
    }

    @Test
    void troubleOfOnePartIsNotOverBecauseAnotherPartWorks() {
        link.started();
        ledger.troubled("NATS is away");
        eventfd.running();
        assertThat(link.condition()).isEqualTo(Condition.TROUBLED);
        assertThat(link.reason()).contains("NATS is away");
        ledger.running();
        assertThat(link.condition()).isEqualTo(Condition.RUNNING);
    }

    @Test
    void linkThatIsInTroubleBeforeItStartsSaysSo() {
        eventfd.troubled("the daemon is away");
        assertThat(link.condition()).isEqualTo(Condition.TROUBLED);
        eventfd.running();
        assertThat(link.condition()).isEqualTo(Condition.STARTING);
    }

    @Test
    void linkThatHasFailedStaysSo() {
        link.started();
        link.failed("another bridge has the same host name");
        ledger.running();
        assertThat(link.condition()).isEqualTo(Condition.FAILED);
        assertThat(link.reason()).contains("another bridge has the same host name");
    }

    @Test
    void linkThatIsNotSettledIsSoSinceItBegan() {
        assertThat(link.unsettledFor()).isZero();
        link.unsettled();
        var before = link.unsettledFor();
        link.unsettled();
        assertThat(link.unsettledFor()).isGreaterThanOrEqualTo(before);
        link.unsettledSince(System.nanoTime() - TimeUnit.HOURS.toNanos(1));
        link.unsettled();
        assertThat(link.unsettledFor()).isGreaterThanOrEqualTo(Duration.ofHours(1));
        link.settled();
        assertThat(link.unsettledFor()).isZero();
    }
}
