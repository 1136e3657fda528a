package io.eventfdd.server.cli;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.OwnSignals;
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
 * The whole terminal, drawn by one thread. Its modes are restored when the JVM ends, except by
 * SIGKILL, and while the process is stopped (Ctrl-Z). Signals come on threads of their own, so
 * {@code this} guards the terminal.
 */
final class Screen implements AutoCloseable {
    /** Returned in place of a key if everything has to be drawn again. */
    static final int REDRAW = -2;

    private static final int END = -1;

    private static final String BEGIN_DRAWING = "\033[?1049h\033[?25l";
    private static final String END_DRAWING = "\033[?25h\033[?1049l";
    private static final String HOME = "\033[H";
    private static final String CLEAR_LINE = "\033[K";
    private static final String CLEAR_BELOW = "\033[J";
    private static final String REVERSE = "\033[7m";
    private static final String NORMAL = "\033[m";

    private static final Signal STOP = new Signal("TSTP");
    private static final Signal GO_ON = new Signal("CONT");
    private static final Signal RESIZED = new Signal("WINCH");

    private final PrintWriter out;
    private final BlockingQueue<Integer> keys = new LinkedBlockingQueue<>();
    private final EndAct atTheEnd;

    private Terminal terminal;
    private boolean isDrawn = true;

    private Screen(Terminal terminal, PrintWriter out) {
        this.terminal = terminal;
        this.out = out;
        this.atTheEnd = EndAct.of(this::restore);
    }

    /** Begins to draw. The result is empty if there is no terminal. */
    static Optional<Screen> open(PrintWriter out) throws ErrnoException {
        var terminal = Terminal.keyByKey();
        if (terminal.isEmpty()) {
            return Optional.empty();
        }
        var screen = new Screen(terminal.get(), out);
        Signal.handle(RESIZED, signal -> screen.keys.add(REDRAW));
        Signal.handle(STOP, signal -> screen.stop());
        Signal.handle(GO_ON, signal -> screen.goOn());
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

    synchronized Terminal.Size size() {
        return terminal.size();
    }

    /**
     * Draws {@code lines}, which are no more and no longer than the screen has room for.
     *
     * @param head the number of the line that is highlighted
     */
    synchronized void draw(List<String> lines, int head) {
        if (!isDrawn) {
            return;
        }
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

    /** The next key, or {@link #REDRAW}; empty if no key comes until {@code nanoTime}. */
    Optional<Integer> key(long nanoTime) throws InterruptedException {
        return Optional.ofNullable(keys.poll(nanoTime - System.nanoTime(), TimeUnit.NANOSECONDS));
    }

    /** Gives the shell its terminal, and stops the process until SIGCONT. */
    private synchronized void stop() {
        restore();
        OwnSignals.raiseByDefault(STOP.getNumber());
        Signal.handle(STOP, signal -> stop());
        // No SIGCONT comes if the kernel did not stop it: nobody could let an orphan go on.
        goOn();
    }

    /** Takes the terminal again, after {@link #stop} or a SIGSTOP from elsewhere. */
    private synchronized void goOn() {
        try {
            var anew = Terminal.keyByKey();
            if (!isDrawn) {
                terminal = anew.orElse(terminal);
                isDrawn = true;
            }
            out.print(BEGIN_DRAWING);
            keys.add(REDRAW);
        } catch (ErrnoException e) {
            keys.add((int) 'q');
        }
    }

    private synchronized void restore() {
        if (!isDrawn) {
            return;
        }
        isDrawn = false;
        try {
            terminal.close();
            out.print(END_DRAWING);
            out.flush();
        } catch (ErrnoException | StandardOutput.Unwritable e) {
            System.err.println("eventfdd: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        atTheEnd.close();
    }
}
