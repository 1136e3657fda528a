package io.eventfdd.server;

import io.eventfdd.internal.wire.Json;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;

import org.jspecify.annotations.Nullable;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The log: one line for each record, to standard error, by {@link LogWriter}. Line breaks within a
 * message become bars.
 */
final class Logging {
    /** What the names of loggers are shown without. */
    private static final List<String> OWN = List.of("io.eventfdd.server.", "io.eventfdd.");

    /** Held, since java.util.logging forgets a level with its logger. */
    private static final Logger ROOT = Logger.getLogger("");

    private static final Logger ACCESS = Logger.getLogger(AccessLog.LOGGER_NAME);

    /** Not System.err, which others may hold while it blocks. */
    private static final LogWriter WRITER =
            new LogWriter(
                    new FileOutputStream(FileDescriptor.err),
                    isJournal(System.getenv("JOURNAL_STREAM")));

    private Logging() {}

    /**
     * Whether standard error is {@code stream}, which is what systemd says of its journal: a device
     * and an inode. A program that this daemon's environment came through may have redirected it.
     */
    private static boolean isJournal(@Nullable String stream) {
        if (stream == null) {
            return false;
        }
        try {
            var file = Files.readAttributes(Path.of("/proc/self/fd/2"), "unix:dev,ino");
            return stream.equals(file.get("dev") + ":" + file.get("ino"));
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Sends the records of System.Logger to standard error, from INFO on, until {@link #configure}
     * changes that.
     */
    static void toStandardError() {
        LogManager.getLogManager().reset();
        WRITER.setFormatter(new Text());
        WRITER.setLevel(Level.ALL);
        ROOT.addHandler(WRITER);
        ACCESS.setLevel(Level.OFF);
    }

    /** Writes {@code text} to standard error as it is, behind the log. */
    static void say(String text) {
        WRITER.offer(text.getBytes(System.err.charset()));
    }

    /** How many lines were dropped since standard error did not take them. */
    static long dropped() {
        return WRITER.dropped();
    }

    /** Applies the settings of the log, which is the daemon's. It may be called again. */
    static void configure(Settings settings) {
        WRITER.start(); // later, when something is to be told, there may be no room for a thread
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
        for (var prefix : OWN) {
            if (name.startsWith(prefix)) {
                return name.substring(prefix.length());
            }
        }
        return name;
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
     * if there is one.
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
