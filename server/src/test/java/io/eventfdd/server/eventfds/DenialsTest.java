package io.eventfdd.server.eventfds;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What is logged of what users were denied. */
@Timeout(60)
class DenialsTest {
    private static final int USERS = 10_000;
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final List<String> logged = new ArrayList<>();
    private final Handler log =
            new Handler() {
                @Override
                public void publish(LogRecord record) {
                    logged.add((String) record.getParameters()[0]);
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };
    private final Logger logger = Logger.getLogger(Denials.class.getName());
    private long now = Long.MAX_VALUE; // It may overflow, as that of System.nanoTime may.
    private final Denials denials = new Denials(() -> now);

    @BeforeEach
    void start() {
        logger.setUseParentHandlers(false);
        logger.addHandler(log);
    }

    @AfterEach
    void end() {
        logger.removeHandler(log);
        logger.setUseParentHandlers(true);
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }

    @Test
    void eachUserIsLoggedOnceAMinute() {
        denials.add(1, "first of 1");
        denials.add(2, "first of 2");
        pass(MINUTE.minusNanos(1));
        denials.add(1, "second of 1");
        assertThat(logged).containsExactly("first of 1", "first of 2");

        pass(Duration.ofNanos(1));
        denials.add(1, "third of 1");
        denials.add(1, "fourth of 1");
        assertThat(logged).containsExactly("first of 1", "first of 2", "third of 1");
        assertThat(denials.count()).as("all are counted").isEqualTo(5);
    }

    @Test
    void moreUsersThanItRemembersAreNotLoggedUntilSomeWereSilentForAMinute() {
        for (int user = 0; user < USERS; user++) {
            denials.add(user, "one of many");
        }
        assertThat(logged).hasSize(USERS);
        denials.add(USERS, "one too many");
        pass(MINUTE.minusNanos(1));
        denials.add(USERS, "one too many");
        assertThat(logged).hasSize(USERS);

        pass(Duration.ofNanos(1));
        denials.add(USERS, "in time");
        assertThat(logged).hasSize(USERS + 1).endsWith("in time");
        assertThat(denials.count()).isEqualTo(USERS + 3);
    }
}
