package io.eventfdd.internal.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.ReadBuffer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

@Timeout(60)
class EpollThreadTest {
    /** What the thread is told to do with an event, and what it tells. */
    private record Target(Runnable onEvent, CompletableFuture<String> told)
            implements EpollThread.Target {
        @Override
        public void ready(int events, ReadBuffer buffer, GuardedWriter writer) {
            onEvent.run();
            told.complete("served");
        }

        @Override
        public void fail(Exception cause) {
            told.complete("failed: " + cause.getCause());
        }
    }

    /** As the one that brings eventfds to the next daemon does if it needs a thread. */
    @Test
    void oneThatFindsNoThreadToBeHadIsToldSoAndTheNextIsServed() throws Exception {
        try (var thread = EpollThread.start(0)) {
            assertThat(
                            told(
                                    thread,
                                    () -> {
                                        throw new OutOfMemoryError(
                                                "unable to create native thread");
                                    }))
                    .isEqualTo(
                            "failed: java.lang.OutOfMemoryError: unable to create native thread");
            assertThat(told(thread, () -> {})).isEqualTo("served");
        }
    }

    private static String told(EpollThread thread, Runnable onEvent) throws Exception {
        try (var eventFd = EventFd.create(1, false, true)) {
            var target = new Target(onEvent, new CompletableFuture<>());
            long key = thread.add(eventFd.fd(), Epoll.IN | Epoll.ET, target);
            try {
                return target.told().get(20, TimeUnit.SECONDS);
            } finally {
                thread.remove(eventFd.fd(), key);
            }
        }
    }
}
