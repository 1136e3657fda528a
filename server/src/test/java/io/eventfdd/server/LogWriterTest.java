package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/** Whoever logs never waits for the stream; what it does not take is dropped and counted. */
@Timeout(300)
class LogWriterTest {
    private final Stream stream = new Stream();
    private final LogWriter log = new LogWriter(stream);

    /** A stream that takes as many writes as it is told to, and fails while it is told to. */
    private static final class Stream extends OutputStream {
        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        private final Semaphore writes = new Semaphore(0);
        private volatile boolean broken;

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            writes.acquireUninterruptibly();
            if (broken) {
                throw new IOException("Broken pipe");
            }
            synchronized (taken) {
                taken.write(bytes, offset, length);
            }
        }

        String text() {
            synchronized (taken) {
                return taken.toString(StandardCharsets.UTF_8);
            }
        }
    }

    @BeforeEach
    void format() {
        log.setFormatter(
                new Formatter() {
                    @Override
                    public String format(LogRecord entry) {
                        return entry.getMessage() + "\n";
                    }
                });
    }

    @AfterEach
    void takeAll() {
        stream.writes.release(1_000_000); // ends what is blocked
    }

    private void say(String message) {
        log.publish(new LogRecord(Level.INFO, message));
    }

    /** Until the lines that wait are as many as may. */
    private int fill() {
        int lines = 0;
        var line = "x".repeat(1023);
        while (log.dropped() == 0) {
            say(line);
            lines++;
        }
        return lines - 1;
    }

    @Test
    void linesComeInTheirOrder() {
        stream.writes.release(1_000_000);
        for (int i = 0; i < 1000; i++) {
            say("line " + i);
        }
        log.close();

        assertThat(stream.text().lines().toList()).hasSize(1000).contains("line 999", "line 0");
        assertThat(stream.text()).startsWith("line 0\nline 1\n").endsWith("line 999\n");
        assertThat(log.dropped()).isZero();
    }

    @Test
    void aStreamThatTakesNothingBlocksNobody() {
        int kept = fill();

        assertThat(kept * 1024).isEqualTo(LogWriter.LIMIT);
        for (int i = 0; i < 100_000; i++) {
            say("more");
        }
        assertThat(log.dropped()).isEqualTo(100_001);
        assertThat(stream.text()).isEmpty();
    }

    @Test
    void theLogTellsHowManyWereDroppedAndGoesOn() {
        int kept = fill();
        say("dropped");
        stream.writes.release(1_000_000);
        until(() -> stream.text().contains("were dropped: 2\n"));
        log.flush(Duration.ofSeconds(10));
        say("after");
        log.close();

        var lines = stream.text().lines().toList();
        assertThat(lines).hasSize(kept + 2).doesNotContain("dropped").endsWith("after");
        assertThat(lines.get(kept)).contains("lines of the log that were dropped: 2");
    }

    @Test
    void aLineThatIsTooLongIsDroppedAndTold() {
        say("x".repeat(LogWriter.LIMIT));
        stream.writes.release(1_000_000);
        log.flush(Duration.ofSeconds(10));

        assertThat(stream.text()).hasLineCount(1).contains("were dropped: 1");
    }

    @Test
    void whatAFailingStreamDidNotTakeIsToldOnceItTakesMore() {
        stream.broken = true;
        say("lost");
        stream.writes.release(1);
        until(() -> log.dropped() == 1);
        stream.broken = false;
        stream.writes.release(1_000_000);
        until(() -> stream.text().contains("were dropped: 1"));
        log.flush(Duration.ofSeconds(10));
        say("after");
        log.close();

        assertThat(stream.text().lines().toList()).hasSize(2).endsWith("after");
    }

    @Test
    void theEndDoesNotWaitForAStreamThatTakesNothing() {
        fill();
        long began = System.nanoTime();
        log.close();

        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .isBetween(Duration.ofMillis(900), Duration.ofSeconds(10));
    }

    @Test
    void theEndDoesNotWaitForAStreamThatFails() {
        stream.broken = true;
        stream.writes.release(1_000_000);
        say("lost");
        until(() -> log.dropped() == 1);
        say("lost too");
        long began = System.nanoTime();
        log.flush(Duration.ofMinutes(1));

        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
        assertThat(log.dropped()).isEqualTo(2);
    }
}
