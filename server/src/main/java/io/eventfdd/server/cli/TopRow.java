package io.eventfdd.server.cli;

import io.eventfdd.client.Count;

import org.jspecify.annotations.Nullable;

import java.util.Locale;

/**
 * An eventfd as {@code top} shows it.
 *
 * @param net how much its count grew or shrank a second; null if it was not seen before
 * @param leased how many permits leases have taken from it
 * @param holders how many processes have it open; null if that is not known
 */
record TopRow(
        String name,
        long count,
        @Nullable Double net,
        int waiters,
        long leased,
        Holders.@Nullable Seen holders) {
    /**
     * How much a count grew from {@code before} to {@code now} within {@code seconds}, a second.
     */
    static double net(long before, long now, double seconds) {
        boolean grew = Long.compareUnsigned(now, before) >= 0;
        double size = Count.toBigInteger(grew ? now - before : before - now).doubleValue();
        return (grew ? size : -size) / seconds;
    }

    /** A rate in at most seven characters: {@code +12.5}, {@code -3.0k}. */
    static String text(double rate) {
        if (rate == 0) {
            return "0";
        }
        double size = Math.abs(rate);
        int unit = 0;
        while (size >= 999.5) {
            size /= 1000;
            unit++;
        }
        var digits = String.format(Locale.ROOT, size < 99.95 ? "%.1f" : "%.0f", size);
        return (rate < 0 ? "-" : "+") + digits + " kMGTPE".substring(unit, unit + 1).strip();
    }

    String netText() {
        return net == null ? "-" : text(net);
    }

    String holdersText() {
        return holders == null ? "-" : holders.toString();
    }
}
