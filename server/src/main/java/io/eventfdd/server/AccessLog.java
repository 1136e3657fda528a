package io.eventfdd.server;

import io.eventfdd.server.http.CallObserver;
import io.eventfdd.server.http.Exchange;

import java.lang.System.Logger.Level;
import java.util.Locale;

/**
 * Logs each call, where that is switched on: what was asked for, by whom, and what became of it.
 */
final class AccessLog implements CallObserver {
    /** Its level is what {@link Logging} switches. */
    static final String LOGGER_NAME = "access";

    private static final System.Logger LOGGER = System.getLogger(LOGGER_NAME);
    private static final double NANOS_A_MILLI = 1e6;

    @Override
    public void answered(Exchange exchange, String operation, String outcome, long nanos) {
        if (LOGGER.isLoggable(Level.INFO)) {
            var peer = exchange.peer();
            LOGGER.log(
                    Level.INFO,
                    String.format(
                            Locale.ROOT,
                            "%s %s uid=%s pid=%d %s %.3fms",
                            exchange.request().prologue().method().text(),
                            exchange.shownPath(),
                            Integer.toUnsignedString(peer.uid()),
                            peer.pid(),
                            outcome,
                            nanos / NANOS_A_MILLI));
        }
    }
}
