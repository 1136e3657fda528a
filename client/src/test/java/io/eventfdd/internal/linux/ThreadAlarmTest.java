package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Platform threads that are really stuck in write(2). */
class ThreadAlarmTest {
    private static final long MAX = -2L;
    private static final Duration SOON = Duration.ofMillis(2);

    private EventFd full;

    @BeforeEach
    void fill() throws ErrnoException {
        full = EventFd.create(0, false, false);
        full.write(MAX);
    }

    @AfterEach
    void close() {
        full.close();
    }

    @Test
    void aWriteThatWaitsForRoomIsInterruptedAndAddsNothing() throws ErrnoException {
        assertThat(
                        Bounded.call(() -> {
                            try (var alarm = ThreadAlarm.ofCurrentThread()) {
                                alarm.set(SOON);
                                return full.write(1);
                            }
                        }))
                .isFalse();
        assertThat(full.read()).isEqualTo(MAX);
        assertThat(full.count()).isZero();
    }

    @Test
    void itRingsAsOftenAsItIsSet() throws ErrnoException {
        assertThat(
                        Bounded.call(() -> {
                            int interrupted = 0;
                            try (var alarm = ThreadAlarm.ofCurrentThread()) {
                                for (int i = 0; i < 50; i++) {
                                    alarm.set(SOON);
                                    interrupted += full.write(1) ? 0 : 1;
                                    alarm.clear();
                                }
                            }
                            return interrupted;
                        }))
                .isEqualTo(50);
        assertThat(full.count()).isEqualTo(MAX);
    }

    @Test
    void itGoesOnRingingUntilItIsCleared() throws ErrnoException {
        assertThat(
                        Bounded.call(() -> {
                            int interrupted = 0;
                            try (var alarm = ThreadAlarm.ofCurrentThread()) {
                                alarm.set(SOON);
                                for (int i = 0; i < 10; i++) {
                                    interrupted += full.write(1) ? 0 : 1;
                                }
                            }
                            return interrupted;
                        }))
                .isEqualTo(10);
    }

    @Test
    void onceClearedItInterruptsNothing() throws ErrnoException {
        var thread = new CompletableFuture<Integer>();
        var write =
                Bounded.start(() -> {
                    try (var alarm = ThreadAlarm.ofCurrentThread()) {
                        alarm.set(SOON);
                        full.write(1);
                        alarm.clear();
                        thread.complete(LIBC.gettid());
                        return full.write(3);
                    }
                });
        int stuck = Bounded.result(thread);
        Bounded.until(() -> sleeps(stuck));
        assertThat(full.readNow(new ReadBuffer())).isEqualTo(MAX);
        assertThat(Bounded.result(write)).isTrue();
        assertThat(full.count()).isEqualTo(3);
    }

    private static boolean sleeps(int thread) {
        try {
            var stat = Files.readString(Path.of("/proc/self/task/" + thread + "/stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) == 'S';
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aWriteThatHasRoomIsNotHarmedByIt() throws ErrnoException {
        try (var roomy = EventFd.create(0, false, false)) {
            assertThat(
                            Bounded.call(() -> {
                                int added = 0;
                                try (var alarm = ThreadAlarm.ofCurrentThread()) {
                                    alarm.set(Duration.ofNanos(50_000));
                                    for (int i = 0; i < 20_000; i++) {
                                        added += roomy.write(1) ? 1 : 0;
                                    }
                                }
                                return (long) added;
                            }))
                    .isEqualTo(roomy.count())
                    .isEqualTo(20_000);
        }
    }

    @Test
    void eachThreadHasItsOwn() throws ErrnoException {
        try (var roomy = EventFd.create(0, false, false)) {
            var blocked = Bounded.start(roomy::read);
            assertThat(
                            Bounded.call(() -> {
                                try (var alarm = ThreadAlarm.ofCurrentThread()) {
                                    alarm.set(SOON);
                                    return full.write(1);
                                }
                            }))
                    .isFalse();
            roomy.write(7);
            assertThat(Bounded.result(blocked)).as("0 would be an interrupted read").isEqualTo(7);
        }
    }
}
