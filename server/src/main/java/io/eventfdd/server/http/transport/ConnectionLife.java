package io.eventfdd.server.http.transport;

/**
 * Is told of each connection's beginning and end, on that connection's virtual thread.
 *
 * <p>For each {@link #began} there is one {@link #ended}, whatever happens in between, and it comes
 * while the socket is still open, so that its fd can be taken out of an epoll set and be asked how
 * much of the last response is still unread. It may block: the socket is closed once it returns. A
 * connection for which {@link #began} throws is closed at once and does not end a second time.
 */
public interface ConnectionLife {
    /** A client has connected and is known; nothing of it was read yet. */
    void began(ClientConnection connection);

    /**
     * A request has come whole and nothing of it is carried out yet, or one has come that cannot
     * be, and is not answered yet. It may block, or throw {@link EndOfConnection} if the connection
     * is not to go on.
     */
    default void requested(ClientConnection connection) {}

    /** The connection is about to be closed. */
    void ended(ClientConnection connection, ConnectionEnd how);

    /**
     * Some time has passed: a moment to end what is overdue. On the server's clock thread, which it
     * must not block.
     */
    default void tick() {}
}
