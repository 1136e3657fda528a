/**
 * Named eventfds: a daemon keeps them, and processes open them by name. {@link io.eventfdd.client}
 * is the API; everything else may change with each version.
 *
 * <p>What the daemon shares with the library is exported to it alone. The bridge between hosts is
 * one of its commands.
 */
@SuppressWarnings({
    "module", // the daemon is no module
    "requires-automatic" // nor are JNA and httpcore5, whose jars have a name for one
})
module io.eventfdd.client {
    requires com.fasterxml.jackson.core;
    requires org.apache.httpcomponents.core5.httpcore5;
    requires static com.sun.jna; // Java finds it as it finds httpcore5: both are automatic modules
    requires static org.jspecify;

    exports io.eventfdd.client;
    exports io.eventfdd.internal to
            io.eventfdd.server;
    exports io.eventfdd.internal.http to
            io.eventfdd.server;
    exports io.eventfdd.internal.linux to
            io.eventfdd.server;
    exports io.eventfdd.internal.reactor to
            io.eventfdd.server;
    exports io.eventfdd.internal.wire to
            io.eventfdd.server;
}
