package io.eventfdd.server.cli;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Terminal;

import sun.misc.Signal;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The whole terminal, drawn by one thread and made what it was however the JVM ends, but for
 * SIGKILL.
 */
final class Screen implements AutoCloseable {
    /** The key that is none: the terminal has another size now. */
    static final int RESIZED = -2;

    private static final int END = -1;

    private static final String BEGIN_DRAWING = "\033[?1049h\033[?25l";
    private static final String END_DRAWING = "\033[?25h\033[?1049l";
    private static final String HOME = "\033[H";
    private static final String CLEAR_LINE = "\033[K";
    private static final String CLEAR_BELOW = "\033[J";
    private static final String REVERSE = "\033[7m";
    private static final String NORMAL = "\033[m";

    private final Terminal terminal;
    private final PrintWriter out;
    private final BlockingQueue<Integer> keys = new LinkedBlockingQueue<>();
    private final Thread atTheEnd = new Thread(this::restore, "restore-terminal");

    private Screen(Terminal terminal, PrintWriter out) {
        this.terminal = terminal;
        this.out = out;
    }

    /** Begins to draw; empty where there is no terminal. */
    static Optional<Screen> open(PrintWriter out) throws ErrnoException {
        var terminal = Terminal.keyByKey();
        if (terminal.isEmpty()) {
            return Optional.empty();
        }
        var screen = new Screen(terminal.get(), out);
        Runtime.getRuntime().addShutdownHook(screen.atTheEnd);
        Signal.handle(new Signal("WINCH"), signal -> screen.keys.add(RESIZED));
        var reader = new Thread(screen::readKeys, "read-keys");
        reader.setDaemon(true);
        reader.start();
        out.print(BEGIN_DRAWING);
        return Optional.of(screen);
    }

    private void readKeys() {
        int key;
        do {
            try {
                key = System.in.read();
            } catch (IOException e) {
                key = END;
            }
            keys.add(key == END ? 'q' : key);
        } while (key != END);
    }

    Terminal.Size size() {
        return terminal.size();
    }

    /**
     * Draws {@code lines}, which are no more and no longer than the screen has room for.
     *
     * @param head which of them stands out
     */
    void draw(List<String> lines, int head) {
        var frame = new StringBuilder(HOME);
        for (int i = 0; i < lines.size(); i++) {
            frame.append(i == 0 ? "" : "\r\n");
            if (i == head) {
                frame.append(REVERSE).append(lines.get(i)).append(NORMAL);
            } else {
                frame.append(lines.get(i));
            }
            frame.append(CLEAR_LINE);
        }
        out.print(frame.append(CLEAR_BELOW));
        out.flush();
    }

    /** The next key, or {@link #RESIZED}; empty where there is none until {@code nanoTime}. */
    Optional<Integer> key(long nanoTime) throws InterruptedException {
        return Optional.ofNullable(keys.poll(nanoTime - System.nanoTime(), TimeUnit.NANOSECONDS));
    }

    private void restore() {
        out.print(END_DRAWING);
        out.flush();
        try {
            terminal.close();
        } catch (ErrnoException e) {
            System.err.println("eventfdd: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(atTheEnd);
        } catch (IllegalStateException e) {
            // the JVM is ending, and does it
            return;
        }
        restore();
    }
}
