package io.eventfdd.server.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.EventfdSemaphore;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.client.SpecMismatchException;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Handles whose name was deleted and created again, as an eventfd of the other kind. */
class RecreatedNamesTest {
    private static final Duration LONG = Duration.ofSeconds(15);

    private DaemonUnderTest daemon;
    private EventfddClient client;
    private EventfddClient others;

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
        client = daemon.client(Transport.HTTP);
        others = daemon.client(Transport.HTTP);
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        others.close();
        daemon.close();
    }

    private void recreate(EventfdSpec spec) {
        others.delete("n");
        others.create("n", spec).close();
    }

    private static List<ThrowingCallable> acquisitions(EventfdSemaphore semaphore) {
        return List.of(semaphore::acquire, semaphore::tryAcquire, () -> semaphore.tryAcquire(LONG));
    }

    /** A counter gives all of its count at once, and not one permit. */
    @Test
    void noPermitIsTakenFromACounter() {
        try (var semaphore = client.openSemaphore("n", 3)) {
            recreate(EventfdSpec.counter().withInitial(5));
            for (var acquisition : acquisitions(semaphore)) {
                assertThatThrownBy(acquisition)
                        .isInstanceOf(SpecMismatchException.class)
                        .hasMessageContaining("n is a counter");
                assertThat(others.state("n").count()).isEqualTo(5);
            }
            assertThatThrownBy(() -> semaphore.tryAcquireLease(1))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("n is a counter");
        }
    }

    @Test
    void noPermitIsTakenFromANameThatIsGone() {
        try (var semaphore = client.openSemaphore("n", 3)) {
            others.delete("n");
            for (var acquisition : acquisitions(semaphore)) {
                assertThatThrownBy(acquisition).isInstanceOf(NotFoundException.class);
            }
        }
    }

    @Test
    void aReadTakesWhatTheNewOneGives() throws Exception {
        try (var handle = client.open("n", EventfdSpec.counter().withInitial(7))) {
            recreate(EventfdSpec.semaphoreOf(2));
            assertThat(handle.tryRead()).hasValue(1);
            assertThat(handle.read(LONG)).hasValue(1);
            assertThat(handle.tryRead()).isEmpty();
        }
    }
}
