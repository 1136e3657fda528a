package io.eventfdd.server.cli;

import io.eventfdd.internal.linux.OwnSignals;

import sun.misc.Signal;
import sun.misc.SignalHandler;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a command puts in order however it ends: by itself, or by SIGHUP, SIGINT or SIGTERM. If it
 * was a signal, the process still ends by that signal, since a shell goes on with its loop after a
 * command that merely exits. It is done on a thread of its own if the JVM ends first.
 */
final class EndAct implements AutoCloseable {
    private static final List<String> SIGNALS = List.of("HUP", "INT", "TERM");

    private final Runnable act;
    private final Thread atTheEnd = new Thread(this::end, "end-act");
    private final Map<Signal, SignalHandler> before = new HashMap<>();

    /** The signal that ends the process; 0 if none does. */
    private volatile int signal;

    private EndAct(Runnable act) {
        this.act = act;
    }

    /** Does {@code act} at the end, or at {@link #close}. */
    static EndAct of(Runnable act) {
        var end = new EndAct(act);
        Runtime.getRuntime().addShutdownHook(end.atTheEnd);
        SIGNALS.forEach(name -> end.handle(new Signal(name)));
        return end;
    }

    private void handle(Signal one) {
        try {
            var handler = Signal.handle(one, this::endBy);
            if (handler.equals(SignalHandler.SIG_IGN)) {
                // as nohup(1) wants it
                Signal.handle(one, handler);
            } else {
                before.put(one, handler);
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
            act.run();
        } finally {
            if (signal != 0) {
                OwnSignals.raiseByDefault(signal);
            }
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
        before.forEach(Signal::handle);
        act.run();
    }
}
