package io.eventfdd.internal.raw;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.internal.linux.ThreadLimit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Raw handles in a process that could start no thread for some time. */
@Timeout(300)
class FewThreadsTest {
    @TempDir private Path directory;

    /** Uses a handle, first without threads, and prints what becomes of it. */
    static final class Program {
        private static int failures;

        public static void main(String[] arguments) throws Exception {
            try (var handles = new RawHandles(Duration.ZERO, Runnable::run)) {
                var eventfd = handles.counter();
                long before = RawHandles.openDescriptors();
                var limit = new ThreadLimit();
                try {
                    attempt(() -> eventfd.write(1));
                    attempt(() -> readLater(eventfd));
                    attempt(() -> readLater(eventfd));
                } finally {
                    limit.close();
                }
                System.out.println(failures + " calls failed");
                System.out.println(RawHandles.openDescriptors() - before + " descriptors more");
                eventfd.write(2);
                System.out.println("the count is " + eventfd.count());
                System.out.println(isWatched() ? "writes are watched" : "nobody watches");
                var later = eventfd.awaitAsync();
                System.out.println("a future has seen " + later.get(20, TimeUnit.SECONDS));
            }
        }

        private static void attempt(Runnable call) {
            try {
                call.run();
            } catch (OutOfMemoryError e) {
                failures++;
            }
        }

        private static void readLater(RawEventfd eventfd) {
            var unused = eventfd.readAsync();
        }

        private static boolean isWatched() {
            return Thread.getAllStackTraces().keySet().stream()
                    .anyMatch(thread -> thread.getName().equals("eventfdd-write-watch"));
        }
    }

    @Test
    void onceThereAreThreadsAgainAllIsAsBefore() throws Exception {
        assertThat(ThreadLimit.linesOf(Program.class, directory))
                .containsSubsequence(
                        "3 calls failed",
                        "0 descriptors more",
                        "the count is 2",
                        "writes are watched",
                        "a future has seen 2");
    }
}
