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

/** Logs each call, if that is switched on: the call, its user and process, and its outcome. */
final class AccessLog implements CallObserver, FdServer.Observer, AutoCloseable {
    /** The logger, whose level {@link Logging} switches. */
    static final String LOGGER_NAME = "access";

    private static final System.Logger LOGGER = System.getLogger(LOGGER_NAME);
    private static final double NANOS_A_MILLI = 1e6;

    /** The number of lines that may wait for a slow standard error; further lines are lost. */
    private static final int MOST_UNWRITTEN = 10_000;

    /** Writes on behalf of the loop, which must not wait for a slow standard error. */
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

    /**
     * Writes the lines of all calls that were answered before, unless standard error takes nothing.
     */
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
