package io.eventfdd.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.time.Duration;

/** The pauses of a thread that is interrupted. */
class OutageTest {
    private static final Duration LONGEST = Duration.ofMillis(100);

    /** Pauses of 10, 20 and 40 ms, and what is left. */
    private static final int PAUSES = 4;

    @Test
    void anInterruptThatDoesNotEndTheCallDoesNotEndItsPausesEither() throws InterruptedException {
        var outage = new Outage(LONGEST, false);
        Thread.currentThread().interrupt();
        int pauses = 0;
        while (outage.pause()) {
            pauses++;
        }
        assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
        assertThat(pauses).isLessThanOrEqualTo(PAUSES);
    }

    @Test
    void anInterruptEndsACallThatItMayEnd() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(new Outage(LONGEST, true)::pause)
                .isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }
}
