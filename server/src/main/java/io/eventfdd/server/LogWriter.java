package io.eventfdd.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * Owns the lines of the log on their way to a stream, and writes them on a thread of its own, so
 * that whoever logs never waits for the stream.
 *
 * <p>At most {@link #LIMIT} bytes wait. Once they do, further lines are dropped and counted until
 * all that wait are written; then a line says how many were dropped.
 */
final class LogWriter extends Handler {
    /** How many bytes may wait for a stream that takes nothing. */
    static final int LIMIT = 1 << 20;

    /**
     * How many bytes of whole lines are written at once: PIPE_BUF, so that the lines of others who
     * write to the same pipe come between these, not into them.
     */
    private static final int BATCH = 4096;

    private static final Duration PAUSE_AFTER_FAILURE = Duration.ofMillis(100);

    private static final Duration MOST_AT_THE_END = Duration.ofSeconds(1);

    private final OutputStream out;

    /** Whether each line begins with its priority, as the journal of systemd reads it. */
    private final boolean isJournal;

    private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();

    /** The bytes of {@link #waiting}, and those that are being written. */
    private int bytes;

    private long dropped;

    /** How many of the dropped lines the log has not told of yet. */
    private long untold;

    /** Whether the stream failed when it was last written to. */
    private boolean failing;

    private boolean started;

    /** Writes to {@code out} once it is started. */
    LogWriter(OutputStream out) {
        this(out, false);
    }

    /**
     * Writes to {@code out} once it is started.
     *
     * @param isJournal whether each line begins with its priority, as {@code <4>}
     * @see <a href="https://man7.org/linux/man-pages/man3/sd-daemon.3.html">sd-daemon(3)</a>
     */
    LogWriter(OutputStream out, boolean isJournal) {
        this.out = out;
        this.isJournal = isJournal;
    }

    /** Lines that are written together, or the line that tells of {@code told} dropped ones. */
    private record Batch(ByteArrayOutputStream bytes, int lines, long told) {}

    @Override
    public void publish(LogRecord entry) {
        if (isLoggable(entry)) {
            offer(line(entry));
        }
    }

    private byte[] line(LogRecord entry) {
        var line = getFormatter().format(entry);
        return (isJournal ? priority(entry.getLevel()) + line : line)
                .getBytes(StandardCharsets.UTF_8);
    }

    /** The level as syslog(3) has it: an error, a warning, information, or for debugging. */
    private static String priority(Level level) {
        int value = level.intValue();
        if (value >= Level.SEVERE.intValue()) {
            return "<3>";
        } else if (value >= Level.WARNING.intValue()) {
            return "<4>";
        }
        return value >= Level.INFO.intValue() ? "<6>" : "<7>";
    }

    /** Writes {@code line} as soon as the stream takes it, or drops it. */
    synchronized void offer(byte[] line) {
        if (untold > 0 || bytes + line.length > LIMIT) {
            dropped++;
            untold++;
        } else {
            waiting.add(line);
            bytes += line.length;
        }
        start();
        notifyAll();
    }

    /** Starts the thread, unless it runs. The first line would, if it can be started then. */
    synchronized void start() {
        if (!started) {
            Thread.ofPlatform().daemon().name("eventfdd-log").start(this::write);
            started = true;
        }
    }

    private void write() {
        try {
            while (true) {
                var batch = next();
                try {
                    batch.bytes.writeTo(out);
                    out.flush();
                    written(batch);
                } catch (IOException e) { // it is gone, or full and does not block
                    failed(batch);
                    Thread.sleep(PAUSE_AFTER_FAILURE);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized Batch next() throws InterruptedException {
        while (waiting.isEmpty() && untold == 0) {
            wait();
        }
        if (waiting.isEmpty()) {
            return notice();
        }
        var batch = new ByteArrayOutputStream();
        int lines = 0;
        do {
            batch.writeBytes(waiting.remove());
            lines++;
        } while (!waiting.isEmpty() && batch.size() + waiting.element().length <= BATCH);
        return new Batch(batch, lines, 0);
    }

    private Batch notice() {
        var entry =
                new LogRecord(
                        Level.WARNING,
                        "standard error was not read in time; lines of the log that were dropped: "
                                + untold);
        entry.setLoggerName(Logging.class.getName());
        var line = line(entry);
        bytes += line.length;
        var batch = new ByteArrayOutputStream();
        batch.writeBytes(line);
        return new Batch(batch, 0, untold);
    }

    private synchronized void written(Batch batch) {
        bytes -= batch.bytes.size();
        untold -= batch.told;
        failing = false;
        notifyAll();
    }

    private synchronized void failed(Batch batch) {
        bytes -= batch.bytes.size();
        dropped += batch.lines;
        untold += batch.lines;
        failing = true;
        notifyAll();
    }

    /** How many lines were dropped since the start. */
    synchronized long dropped() {
        return dropped;
    }

    /** Waits until all lines are written or the stream fails, for {@code most} at the most. */
    synchronized void flush(Duration most) {
        long until = System.nanoTime() + most.toNanos();
        try {
            for (long left = most.toMillis();
                    left > 0 && !failing && (bytes > 0 || untold > 0);
                    left = (until - System.nanoTime()) / 1_000_000) {
                wait(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Does nothing: the thread writes what there is. */
    @Override
    public void flush() {}

    /**
     * Waits for the last lines, but not long for a stream that takes none. The LogManager calls
     * this when the process ends, in whichever way.
     */
    @Override
    public void close() {
        flush(MOST_AT_THE_END);
    }
}
