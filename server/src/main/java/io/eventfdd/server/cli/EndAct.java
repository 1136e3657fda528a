package io.eventfdd.server.cli;

import io.eventfdd.internal.linux.OwnSignals;

import sun.misc.Signal;
import sun.misc.SignalHandler;

import java.util.List;

/**
 * What a command puts in order once, however it ends: by itself, or by SIGHUP, SIGINT or SIGTERM.
 * If it was a signal, the process still ends by that signal, since a shell goes on with its loop
 * after a command that merely exits. It is done on a thread of its own if the JVM ends first.
 */
final class EndAct implements AutoCloseable {
    private static final List<String> SIGNALS = List.of("HUP", "INT", "TERM");

    private final Runnable act;
    private boolean isDone;

    /** The signal that ends the process; 0 if none does. */
    private volatile int signal;

    private EndAct(Runnable act) {
        this.act = act;
    }

    /** Does {@code act} at the end, or at {@link #close}. */
    static EndAct of(Runnable act) {
        var end = new EndAct(act);
        Runtime.getRuntime().addShutdownHook(new Thread(end::end, "end-act"));
        SIGNALS.forEach(name -> end.handle(new Signal(name)));
        return end;
    }

    private void handle(Signal one) {
        try {
            var handler = Signal.handle(one, this::endBy);
            if (handler.equals(SignalHandler.SIG_IGN)) {
                // as nohup(1) wants it
                Signal.handle(one, handler);
            }
        } catch (IllegalArgumentException e) {
            // Somebody has told all JVMs, by -Xrs, to leave it to the system.
        }
    }

    private void endBy(Signal one) {
        signal = one.getNumber();
        // One thread ends the JVM; any other that wants to stands still here.
        System.exit(128 + signal);
    }

    private void end() {
        try {
            close();
        } finally {
            if (signal != 0) {
                OwnSignals.raiseByDefault(signal);
            }
        }
    }

    /** Does it now. A signal that comes meanwhile or later still ends the process as such. */
    @Override
    public synchronized void close() {
        if (!isDone) {
            isDone = true;
            act.run();
        }
    }
}
