package io.eventfdd.server;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The log: one line a record, to standard error. */
final class Logging {
    private Logging() {}

    /** Sends what System.Logger gets to standard error, from INFO on. */
    static void toStandardError() {
        LogManager.getLogManager().reset();
        var handler = new ConsoleHandler();
        handler.setFormatter(new Line());
        handler.setLevel(Level.ALL);
        Logger.getLogger("").addHandler(handler);
    }

    /**
     * {@code 2026-01-31T12:00:00.000Z WARNING loop.EventLoop: message}, and a stack trace below it
     * where there is one.
     */
    private static final class Line extends Formatter {
        private static final String OWN = "io.eventfdd.server.";

        @Override
        public String format(LogRecord entry) {
            var logger = String.valueOf(entry.getLoggerName());
            var line =
                    new StringBuilder()
                            .append(entry.getInstant())
                            .append(' ')
                            .append(entry.getLevel().getName())
                            .append(' ')
                            .append(
                                    logger.startsWith(OWN)
                                            ? logger.substring(OWN.length())
                                            : logger)
                            .append(": ")
                            .append(formatMessage(entry))
                            .append('\n');
            if (entry.getThrown() != null) {
                var trace = new StringWriter();
                entry.getThrown().printStackTrace(new PrintWriter(trace));
                line.append(trace);
            }
            return line.toString();
        }
    }
}
