package io.eventfdd.server;

import io.eventfdd.internal.wire.Json;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The log: one line for each record, to standard error. Line breaks within a message become bars.
 */
final class Logging {
    private static final String OWN = "io.eventfdd.server.";

    /** Held, since java.util.logging forgets a level with its logger. */
    private static final Logger ROOT = Logger.getLogger("");

    private static final Logger ACCESS = Logger.getLogger(AccessLog.LOGGER_NAME);

    private Logging() {}

    /**
     * Sends the records of System.Logger to standard error, from INFO on, until {@link #configure}
     * changes that.
     */
    static void toStandardError() {
        LogManager.getLogManager().reset();
        var handler = new ConsoleHandler();
        handler.setFormatter(new Text());
        handler.setLevel(Level.ALL);
        ROOT.addHandler(handler);
        ACCESS.setLevel(Level.OFF);
    }

    /** Applies the settings of the log. It may be called again. */
    static void configure(Settings settings) {
        ROOT.setLevel(
                switch (settings.choice(Setting.LOG_LEVEL)) {
                    case "error" -> Level.SEVERE;
                    case "warning" -> Level.WARNING;
                    case "debug" -> Level.FINE;
                    default -> Level.INFO;
                });
        var formatter =
                settings.choice(Setting.LOG_FORMAT).equals("json") ? new JsonLine() : new Text();
        for (var handler : ROOT.getHandlers()) {
            handler.setFormatter(formatter);
        }
        ACCESS.setLevel(settings.choice(Setting.ACCESS_LOG).equals("on") ? Level.INFO : Level.OFF);
    }

    private static String logger(LogRecord entry) {
        var name = String.valueOf(entry.getLoggerName());
        return name.startsWith(OWN) ? name.substring(OWN.length()) : name;
    }

    private static String level(LogRecord entry) {
        int level = entry.getLevel().intValue();
        if (level >= Level.SEVERE.intValue()) {
            return "ERROR";
        }
        return level < Level.INFO.intValue() ? "DEBUG" : entry.getLevel().getName();
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " | ");
    }

    private static String trace(Throwable thrown) {
        var trace = new StringWriter();
        thrown.printStackTrace(new PrintWriter(trace));
        return trace.toString();
    }

    /**
     * {@code 2026-01-31T12:00:00.000Z WARNING loop.EventLoop: message}, and a stack trace behind it
     * where there is one.
     */
    private static final class Text extends Formatter {
        @Override
        public String format(LogRecord entry) {
            var line =
                    entry.getInstant()
                            + " "
                            + level(entry)
                            + " "
                            + logger(entry)
                            + ": "
                            + formatMessage(entry);
            return oneLine(
                            entry.getThrown() == null
                                    ? line
                                    : line + "\n" + trace(entry.getThrown()))
                    + "\n";
        }
    }

    /** The format with one JSON object in each line. */
    private static final class JsonLine extends Formatter {
        @Override
        public String format(LogRecord entry) {
            var line =
                    Json.object()
                            .put("time", entry.getInstant().toString())
                            .put("level", level(entry))
                            .put("logger", logger(entry))
                            .put("message", formatMessage(entry));
            if (entry.getThrown() != null) {
                line.put("trace", trace(entry.getThrown()));
            }
            return new String(Json.bytes(line), StandardCharsets.UTF_8) + "\n";
        }
    }
}
