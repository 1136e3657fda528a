package io.eventfdd.internal.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ReadBuffer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;
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

    @Test
    void oneThatCannotEvenHearOfItsFailureDoesNotEndTheThread() throws Exception {
        try (var thread = EpollThread.start(0);
                var eventFd = EventFd.create(1, false, true)) {
            var failed = new CompletableFuture<String>();
            var target =
                    new EpollThread.Target() {
                        @Override
                        public void ready(int events, ReadBuffer buffer, GuardedWriter writer) {
                            throw new OutOfMemoryError();
                        }

                        @Override
                        public void fail(Exception cause) {
                            failed.complete("failed");
                            throw new OutOfMemoryError();
                        }
                    };
            long key = thread.add(eventFd.fd(), Epoll.IN | Epoll.ET, target);
            assertThat(failed.get(20, TimeUnit.SECONDS)).isEqualTo("failed");
            assertThat(told(thread, () -> {})).isEqualTo("served");
            thread.remove(eventFd.fd(), key);
        }
    }

    /** Another library may close what is not its own. */
    @Test
    void withoutItsSetAllAreToldAndNobodyComesIntoThatOfAStranger() throws Exception {
        var before = sets();
        try (var thread = EpollThread.start(0);
                var one = EventFd.create(0, false, true);
                var other = EventFd.create(0, false, true)) {
            int number =
                    sets().stream().filter(set -> !before.contains(set)).findAny().orElseThrow();
            var served = new Target(() -> {}, new CompletableFuture<>());
            var waiting = new Target(() -> {}, new CompletableFuture<>());
            thread.add(one.fd(), Epoll.IN | Epoll.ET, served);
            long key = thread.add(other.fd(), Epoll.IN | Epoll.ET, waiting);
            Fd.borrow(number).replace(other.fd(), () -> {}, () -> 0).orElseThrow().close();
            one.write(1);
            assertThat(served.told().get(20, TimeUnit.SECONDS)).isEqualTo("served");
            assertThat(waiting.told().get(20, TimeUnit.SECONDS)).startsWith("failed");

            var strangers = new ArrayList<Epoll>();
            try {
                do {
                    strangers.add(Epoll.create(1));
                } while (!sets().contains(number));
                assertThatThrownBy(() -> thread.add(one.fd(), Epoll.IN, served))
                        .isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("EBADF");
                thread.remove(other.fd(), key);
            } finally {
                strangers.forEach(Epoll::close);
            }
        }
    }

    /** The numbers of the epoll sets of this process. */
    private static Set<Integer> sets() throws IOException {
        var sets = new HashSet<Integer>();
        try (var links = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (var link : links) {
                if (isSet(link)) {
                    sets.add(Integer.valueOf(link.getFileName().toString()));
                }
            }
        }
        return sets;
    }

    private static boolean isSet(Path link) {
        try {
            return Files.readSymbolicLink(link).toString().equals("anon_inode:[eventpoll]");
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }
}
