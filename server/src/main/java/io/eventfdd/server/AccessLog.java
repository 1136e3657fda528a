package io.eventfdd.server;

import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.server.fdsocket.FdServer;
import io.eventfdd.server.http.CallObserver;
import io.eventfdd.server.http.Exchange;

import java.lang.System.Logger.Level;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Logs each call, where that is switched on: what was asked for, by whom, and what became of it.
 */
final class AccessLog implements CallObserver, FdServer.Observer, AutoCloseable {
    /** Its level is what {@link Logging} switches. */
    static final String LOGGER_NAME = "access";

    private static final System.Logger LOGGER = System.getLogger(LOGGER_NAME);
    private static final double NANOS_A_MILLI = 1e6;

    /** What may be on its way to a slow standard error; beyond it, lines are lost. */
    private static final int MOST_UNWRITTEN = 10_000;

    /** Writes for the loop, which must not wait for a standard error that is slow. */
    private final ThreadPoolExecutor writer =
            new ThreadPoolExecutor(
                    0,
                    1,
                    10,
                    TimeUnit.SECONDS,
                    new ArrayBlockingQueue<>(MOST_UNWRITTEN),
                    Thread.ofPlatform().daemon().name("eventfdd-access-log").factory(),
                    new ThreadPoolExecutor.DiscardPolicy());

    @Override
    public void answered(Exchange exchange, String operation, String outcome, long nanos) {
        if (LOGGER.isLoggable(Level.INFO)) {
            log(
                    exchange.request().prologue().method().text() + " " + exchange.shownPath(),
                    exchange.peer(),
                    outcome,
                    nanos);
        }
    }

    @Override
    public void replied(PeerCredentials peer, String operation, String outcome, long nanos) {
        if (LOGGER.isLoggable(Level.INFO)) {
            writer.execute(() -> log(operation + " fd.sock", peer, outcome, nanos));
        }
    }

    private static void log(String call, PeerCredentials peer, String outcome, long nanos) {
        LOGGER.log(
                Level.INFO,
                String.format(
                        Locale.ROOT,
                        "%s uid=%s pid=%d %s %.3fms",
                        call,
                        Integer.toUnsignedString(peer.uid()),
                        peer.pid(),
                        outcome,
                        nanos / NANOS_A_MILLI));
    }

    /** What was answered before is still written, unless standard error takes nothing. */
    @Override
    public void close() {
        writer.shutdown();
        try {
            writer.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
