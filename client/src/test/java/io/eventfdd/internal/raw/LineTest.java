package io.eventfdd.internal.raw;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ReadBuffer;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.reactor.GuardedWriter;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

@Timeout(60)
class LineTest {
    @TempDir private Path directory;

    /** A waiter that is told of its end by code of the application. */
    private static final class Reader extends Waiter {
        private final Line line;
        private final CompletableFuture<Boolean> end = new CompletableFuture<>();

        Reader(Line line) {
            super(Wish.VALUE, 0);
            this.line = line;
        }

        @Override
        void served(long value) {
            end.completeExceptionally(new AssertionError("there is nothing to read"));
        }

        /** Waits for another thread that uses the handle. */
        @Override
        void ended(Supplier<? extends RuntimeException> why) {
            try {
                end.complete(
                        CompletableFuture.supplyAsync(line::isClosed).get(10, TimeUnit.SECONDS));
            } catch (Exception e) {
                end.completeExceptionally(e);
            }
        }
    }

    /** A file cannot be watched. */
    @Test
    void whoeverWaitsIsToldIfTheNextObjectCannotBeWatched() throws Exception {
        try (var handles = new RawHandles();
                var file = file(directory.resolve("file"))) {
            var eventfd = handles.counter();
            var reader = new Reader(eventfd.line());
            eventfd.line().join(reader);
            var before = eventfd.line().replace(file);
            before.orElseThrow().close();
            assertThat(reader.end.get(20, TimeUnit.SECONDS)).as("closed").isFalse();
        }
    }

    private static Fd file(Path file) throws IOException {
        try (var out = Files.newOutputStream(file)) {
            out.write(1);
            return Fd.borrow(numberOf(file)).duplicate();
        }
    }

    private static int numberOf(Path file) throws IOException {
        try (var links = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (var link : links) {
                if (leadsTo(link, file)) {
                    return Integer.parseInt(link.getFileName().toString());
                }
            }
        }
        throw new AssertionError(file + " is not open");
    }

    private static boolean leadsTo(Path link, Path file) throws IOException {
        try {
            return Files.isSameFile(link, file);
        } catch (NoSuchFileException e) {
            return false; // closed meanwhile
        }
    }

    /** What listens can be watched, and a read of it fails. */
    @Test
    void whoeverIsToldThatAReadFailedHoldsUpNobody() throws Exception {
        var waits = new RawWaits(Duration.ZERO, Runnable::run);
        var socket = SeqPacketSocket.listen(directory.resolve("s"), 0600, 1);
        try (var eventFd = EventFd.adopt(socket.fd());
                var guarded = new GuardedWriter()) {
            var writer = new RawWriter(eventFd, waits.writeWatch());
            var line = new Line(eventFd, writer, waits, IllegalStateException::new);
            var reader = new Reader(line);
            line.join(reader);
            line.ready(Epoll.IN, new ReadBuffer(), guarded);
            assertThat(reader.end.get(20, TimeUnit.SECONDS)).as("closed").isFalse();
        } finally {
            waits.close();
        }
    }
}
