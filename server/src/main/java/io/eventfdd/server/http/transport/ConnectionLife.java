package io.eventfdd.server.http.transport;

/**
 * Is told of the beginning and the end of each connection, on the virtual thread of that
 * connection.
 *
 * <p>For each {@link #began} there is one {@link #ended}, whatever happens in between, and it comes
 * while the socket is still open, so that its fd can be taken out of an epoll set and be asked how
 * much of the last response is still unread. It may block: the socket is closed once it returns. A
 * connection for which {@link #began} throws is closed at once and does not end a second time.
 */
public interface ConnectionLife {
    /** A client has connected, and nothing of it was read yet. */
    void began(ClientConnection connection);

    /**
     * A whole request has arrived and is not carried out yet, or a request has arrived that cannot
     * be carried out, and is not answered yet. This may block, or throw {@link EndOfConnection} to
     * end the connection.
     */
    default void requested(ClientConnection connection) {}

    /** The connection is about to be closed. */
    void ended(ClientConnection connection, ConnectionEnd how);

    /**
     * Some time has passed, so connections that are overdue can be ended. This is called on the
     * clock thread of the server, and must not block it.
     */
    default void tick() {}
}
