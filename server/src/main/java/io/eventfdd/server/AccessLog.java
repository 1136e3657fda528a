package io.eventfdd.server;

import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.server.fdsocket.FdObserver;
import io.eventfdd.server.http.CallObserver;
import io.eventfdd.server.http.Exchange;

import java.lang.System.Logger.Level;
import java.util.Locale;

/** Logs each call, if that is switched on: the call, its user and process, and its outcome. */
final class AccessLog implements CallObserver, FdObserver {
    /** The logger, whose level {@link Logging} switches. */
    static final String LOGGER_NAME = "access";

    private static final System.Logger LOGGER = System.getLogger(LOGGER_NAME);
    private static final double NANOS_A_MILLI = 1e6;

    @Override
    public void answered(Exchange exchange, String operation, String outcome, long nanos) {
        if (LOGGER.isLoggable(Level.INFO)) {
            log(exchange.method() + " " + exchange.shownPath(), exchange.peer(), outcome, nanos);
        }
    }

    @Override
    public void replied(PeerCredentials peer, String operation, String outcome, long nanos) {
        if (LOGGER.isLoggable(Level.INFO)) {
            log(operation + " fd.sock", peer, outcome, nanos);
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
}
