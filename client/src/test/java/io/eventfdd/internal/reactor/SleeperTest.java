package io.eventfdd.internal.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.LostInterrupt;
import io.eventfdd.internal.linux.EventFd;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

import java.time.Duration;
import java.util.List;

@Timeout(300)
class SleeperTest {
    @Test
    @EnabledForJreRange(max = JRE.JAVA_20)
    void anInterruptThatJavaLosesEndsASleep() throws Exception {
        try (var sleeper = Sleeper.create()) {
            LostInterrupt.ends(
                    () -> sleeper.sleep(List.of(), Deadline.NEVER),
                    "poll",
                    InterruptedException.class);
        }
    }

    @Test
    void aSleepEndsInTimeAndNotBefore() throws Exception {
        try (var sleeper = Sleeper.create()) {
            long start = System.nanoTime();
            assertThat(sleeper.sleep(List.of(), Deadline.in(Duration.ofMillis(50)))).isFalse();
            assertThat(System.nanoTime() - start)
                    .isGreaterThanOrEqualTo(Duration.ofMillis(50).toNanos());
        }
    }

    @Test
    void aSleepEndsOnceADescriptorIsReadable() throws Exception {
        try (var sleeper = Sleeper.create();
                var eventFd = EventFd.create(1, false, true)) {
            assertThat(sleeper.sleep(List.of(eventFd.fd()), Deadline.NEVER)).isTrue();
        }
    }

    @Test
    void whoIsWokenBeforeSleepsNotAtAll() throws Exception {
        try (var sleeper = Sleeper.create()) {
            sleeper.wake();
            assertThat(sleeper.sleep(List.of(), Deadline.NEVER)).isFalse();
        }
    }
}
