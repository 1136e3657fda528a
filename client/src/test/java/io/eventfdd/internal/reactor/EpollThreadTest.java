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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

@Timeout(60)
class EpollThreadTest {
    private static final Path FDS = Path.of("/proc/self/fd");

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

    /**
     * Another library may close what is not its own. Here it does so on the thread itself, which
     * thus finds it out at its next wait.
     */
    @Test
    void withoutItsSetAllAreToldAndNobodyComesIntoThatOfAStranger() throws Exception {
        try (var thread = EpollThread.start(0);
                var one = EventFd.create(0, false, true);
                var other = EventFd.create(0, false, true)) {
            var number = new AtomicInteger();
            var served =
                    new Target(() -> replace(number.get(), other.fd()), new CompletableFuture<>());
            var waiting = new Target(() -> {}, new CompletableFuture<>());
            thread.add(one.fd(), Epoll.IN | Epoll.ET, served);
            long key = thread.add(other.fd(), Epoll.IN | Epoll.ET, waiting);
            number.set(setWith(one.fd()));
            one.write(1);
            assertThat(served.told().get(20, TimeUnit.SECONDS)).isEqualTo("served");
            assertThat(waiting.told().get(20, TimeUnit.SECONDS)).startsWith("failed");

            var strangers = new ArrayList<Epoll>();
            try {
                do {
                    strangers.add(Epoll.create(1));
                } while (!isSet(FDS.resolve(number.toString())));
                assertThatThrownBy(() -> thread.add(one.fd(), Epoll.IN, served))
                        .isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("EBADF");
                thread.remove(other.fd(), key);
            } finally {
                strangers.forEach(Epoll::close);
            }
        }
    }

    private static void replace(int number, Fd by) {
        try {
            Fd.borrow(number).replace(by, () -> {}, () -> 0).orElseThrow().close();
        } catch (ErrnoException e) {
            throw new AssertionError(e);
        }
    }

    /** The number of the epoll set that {@code member} is in. */
    private static int setWith(Fd member) throws IOException {
        try (var links = Files.newDirectoryStream(FDS)) {
            for (var link : links) {
                if (isSet(link) && has(link.getFileName(), member)) {
                    return Integer.parseInt(link.getFileName().toString());
                }
            }
        }
        throw new AssertionError("no set has " + member);
    }

    private static boolean has(Path set, Fd member) {
        var line = Pattern.compile("tfd:\\s+" + member.number() + " ");
        try (var lines = Files.lines(Path.of("/proc/self/fdinfo").resolve(set))) {
            return lines.anyMatch(text -> line.matcher(text).lookingAt());
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }

    private static boolean isSet(Path link) {
        try {
            return Files.readSymbolicLink(link).toString().equals("anon_inode:[eventpoll]");
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }
}
